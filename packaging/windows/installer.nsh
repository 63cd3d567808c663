; What the installer does beside electron-builder's own steps: the command line on the user's PATH, and Culvert as a program for
; its links and files. All of it is the user's alone (HKCU) and goes away with the program.

!include "${__FILEDIR__}\user-path.nsh"
!include "${__FILEDIR__}\file-type.nsh"

; electron-builder compiles this twice, and a function that is not used is a warning, which ends the build.
!ifdef BUILD_UNINSTALLER
  !insertmacro CULVERT_PATH_SHARED "un."
  !insertmacro CULVERT_PATH_REMOVE "un."
!else
  !insertmacro CULVERT_PATH_SHARED ""
  !insertmacro CULVERT_PATH_ADD ""
!endif

!macro CULVERT_ADD_SCHEME SCHEME
  WriteRegStr HKCU "Software\Classes\${SCHEME}" "" "URL:${PRODUCT_NAME}"
  WriteRegStr HKCU "Software\Classes\${SCHEME}" "URL Protocol" ""
  WriteRegStr HKCU "Software\Classes\${SCHEME}\DefaultIcon" "" "$INSTDIR\${APP_EXECUTABLE_FILENAME},0"
  WriteRegStr HKCU "Software\Classes\${SCHEME}\shell\open\command" "" '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" -- "%1"'
!macroend

; Another program may have taken the scheme since.
!macro CULVERT_REMOVE_SCHEME SCHEME
  ReadRegStr $R0 HKCU "Software\Classes\${SCHEME}\shell\open\command" ""
  ${If} $R0 == '"$INSTDIR\${APP_EXECUTABLE_FILENAME}" -- "%1"'
    DeleteRegKey HKCU "Software\Classes\${SCHEME}"
  ${EndIf}
!macroend

!macro customInstall
  Push "$INSTDIR\resources\cli"
  Call addToUserPath
  Push $R0
  !insertmacro CULVERT_ADD_SCHEME "culvert"
  !insertmacro CULVERT_ADD_SCHEME "tcp+https"
  !insertmacro CULVERT_ADD_SCHEME "udp+https"
  !insertmacro CULVERT_ADD_FILE_TYPE "culvert"
  Pop $R0
!macroend

!macro customUnInstall
  ; An update runs the old uninstaller first and writes the same again.
  ${IfNot} ${isUpdated}
    Push "$INSTDIR\resources\cli"
    Call un.removeFromUserPath
    Push $R0
    !insertmacro CULVERT_REMOVE_SCHEME "culvert"
    !insertmacro CULVERT_REMOVE_SCHEME "tcp+https"
    !insertmacro CULVERT_REMOVE_SCHEME "udp+https"
    !insertmacro CULVERT_REMOVE_FILE_TYPE "culvert"
    Pop $R0
    ; Left by "Start at sign-in", which Electron keeps under the id of the app.
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Run" "${APP_ID}"
    DeleteRegValue HKCU "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run" "${APP_ID}"
    ; Where the installer keeps a copy of itself, and the updater what it downloads.
    RMDir /r "$LOCALAPPDATA\culvert-updater"
  ${EndIf}
!macroend
