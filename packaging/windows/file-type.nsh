; Culvert as a program for its type of file. electron-builder's own macros take an ending that is another program's, and leave it
; pointing at nothing afterwards.
;
; Both macros change $R0.

!include "LogicLib.nsh"

; What Windows calls a type of file; the ending points at it.
!define CULVERT_FILE_CLASS "Culvert.Connection"

; Explorer keeps what it knows of endings and icons until it is told.
!macro CULVERT_TELL_EXPLORER
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0x1000, p 0, p 0)'
!macroend

; "Open with" offers Culvert in any case; the default it becomes where neither the user nor the computer has one.
!macro CULVERT_ADD_FILE_TYPE EXTENSION
  WriteRegStr HKCU "Software\Classes\${CULVERT_FILE_CLASS}" "" "Culvert connection"
  WriteRegStr HKCU "Software\Classes\${CULVERT_FILE_CLASS}\DefaultIcon" "" "$INSTDIR\${APP_EXECUTABLE_FILENAME},0"
  WriteRegStr HKCU "Software\Classes\${CULVERT_FILE_CLASS}\shell\open\command" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" -- "%1"'
  WriteRegNone HKCU "Software\Classes\.${EXTENSION}\OpenWithProgids" "${CULVERT_FILE_CLASS}"
  ReadRegStr $R0 HKCU "Software\Classes\.${EXTENSION}" ""
  ${If} $R0 == ""
    ReadRegStr $R0 HKLM "Software\Classes\.${EXTENSION}" ""
  ${EndIf}
  ${If} $R0 == ""
    WriteRegStr HKCU "Software\Classes\.${EXTENSION}" "" "${CULVERT_FILE_CLASS}"
  ${EndIf}
  !insertmacro CULVERT_TELL_EXPLORER
!macroend

; What /ifempty asks for differs by version of NSIS; where it asks for keys alone, the values of others would go along.
!macro CULVERT_REMOVE_EMPTY_KEY KEY
  EnumRegKey $R0 HKCU "${KEY}" 0
  ${If} $R0 == ""
    ; A default has no name: the error alone says that there is no value.
    ClearErrors
    EnumRegValue $R0 HKCU "${KEY}" 0
    ${If} ${Errors}
      DeleteRegKey HKCU "${KEY}"
    ${EndIf}
  ${EndIf}
!macroend

; Another program may have become the default since, or be offered beside it.
!macro CULVERT_REMOVE_FILE_TYPE EXTENSION
  ReadRegStr $R0 HKCU "Software\Classes\.${EXTENSION}" ""
  ${If} $R0 == "${CULVERT_FILE_CLASS}"
    DeleteRegValue HKCU "Software\Classes\.${EXTENSION}" ""
  ${EndIf}
  DeleteRegValue HKCU "Software\Classes\.${EXTENSION}\OpenWithProgids" "${CULVERT_FILE_CLASS}"
  !insertmacro CULVERT_REMOVE_EMPTY_KEY "Software\Classes\.${EXTENSION}\OpenWithProgids"
  !insertmacro CULVERT_REMOVE_EMPTY_KEY "Software\Classes\.${EXTENSION}"
  DeleteRegKey HKCU "Software\Classes\${CULVERT_FILE_CLASS}"
  !insertmacro CULVERT_TELL_EXPLORER
!macroend
