; The user's PATH (HKCU\Environment, Path) with and without one folder.
;
; The value is handled in memory of its own and never in an NSIS variable: those end after 1,024 characters, and a longer PATH
; would be written back cut off. Its type (REG_SZ or REG_EXPAND_SZ) and everything else in it stay as they are.

!include "LogicLib.nsh"
!include "WinMessages.nsh"

; HKEY_CURRENT_USER as a signed number, so that it is the same handle to 32 and 64 bits.
!define CULVERT_HKCU -2147483647
!define CULVERT_KEY_READ_WRITE 0x2001F
; Windows takes no variable that is longer than 32,767 characters.
!define CULVERT_PATH_LIMIT 32700

; What both ways need. un: "un." in an uninstaller, else "".
!macro CULVERT_PATH_SHARED un

; R1: the open key, or 0 where nothing may be touched. R2: type of the value. R4: ";PATH;" in memory with room for a folder.
Function ${un}openUserPath
  System::Call 'advapi32::RegCreateKeyExW(p ${CULVERT_HKCU}, w "Environment", i 0, p 0, i 0, i ${CULVERT_KEY_READ_WRITE}, p 0, *p .R1, p 0) i .R5'
  ${If} $R5 <> 0
    StrCpy $R1 0
    Return
  ${EndIf}
  System::Call 'advapi32::RegQueryValueExW(p R1, w "Path", p 0, *i .R2, p 0, *i 0 R3) i .R5'
  ${If} $R5 = 2
    ; There is none yet.
    StrCpy $R2 2
    StrCpy $R3 0
  ${ElseIf} $R5 <> 0
  ${OrIf} $R2 < 1
  ${OrIf} $R2 > 2
    ; Not to be read, or no text: left alone.
    System::Call 'advapi32::RegCloseKey(p R1)'
    StrCpy $R1 0
    Return
  ${EndIf}
  ; System::Alloc clears what it gives, so that text without an end has one.
  StrLen $R6 $R0
  IntOp $R6 $R6 * 2
  IntOp $R6 $R6 + $R3
  IntOp $R6 $R6 + 16
  System::Alloc $R6
  Pop $R4
  System::Alloc $R6
  Pop $R7
  System::Call 'advapi32::RegQueryValueExW(p R1, w "Path", p 0, p 0, p R7, *i R3 R3) i .R5'
  System::Call 'kernel32::lstrcpyW(p R4, w ";")'
  System::Call 'kernel32::lstrcatW(p R4, p R7)'
  System::Free $R7
  ; One ";" at the end and no more.
  System::Call 'kernel32::lstrlenW(p R4) i .R6'
  IntOp $R6 $R6 - 1
  IntOp $R6 $R6 * 2
  IntPtrOp $R7 $R4 + $R6
  System::Call '*$R7(&i2 .R6)'
  ${If} $R6 <> 59
    System::Call 'kernel32::lstrcatW(p R4, w ";")'
  ${EndIf}
  System::Call 'kernel32::lstrcmpW(p R4, w ";") i .R6'
  ${If} $R6 = 0
    System::Call 'kernel32::lstrcatW(p R4, w ";")'
  ${EndIf}
FunctionEnd

; R5: where ";FOLDER;" stands, in any case of its letters; 0 for nowhere.
Function ${un}findInUserPath
  StrCpy $R9 ";$R0;"
  System::Call 'shlwapi::StrStrIW(p R4, w R9) p .R5'
FunctionEnd

; Programs that are started from now on get the new PATH.
Function ${un}tellUserPath
  SendMessage ${HWND_BROADCAST} ${WM_SETTINGCHANGE} 0 "STR:Environment" /TIMEOUT=5000
FunctionEnd

Function ${un}closeUserPath
  System::Free $R4
  System::Call 'advapi32::RegCloseKey(p R1)'
FunctionEnd

!macroend

!macro CULVERT_PATH_ADD un

; Stack: folder. Puts it at the end of the PATH, unless it is in there.
Function ${un}addToUserPath
  Exch $R0
  !insertmacro CULVERT_PATH_SAVE
  Call ${un}openUserPath
  ${If} $R1 <> 0
    Call ${un}findInUserPath
    System::Call 'kernel32::lstrlenW(p R4) i .R6'
    StrLen $R7 $R0
    IntOp $R6 $R6 + $R7
    ${If} $R5 = 0
    ${AndIf} $R6 < ${CULVERT_PATH_LIMIT}
      ; R4 is ";PATH;", with room behind it.
      System::Call 'kernel32::lstrcmpW(p R4, w ";;") i .R7'
      ${If} $R7 = 0
        System::Call 'kernel32::lstrcpyW(p R4, w ";")'
      ${EndIf}
      System::Call 'kernel32::lstrcatW(p R4, w R0)'
      System::Call 'kernel32::lstrlenW(p R4) i .R6'
      ; Without the first ";" and with the end of the string.
      IntOp $R6 $R6 * 2
      IntPtrOp $R7 $R4 + 2
      System::Call 'advapi32::RegSetValueExW(p R1, w "Path", i 0, i R2, p R7, i R6) i .R5'
      Call ${un}tellUserPath
    ${EndIf}
    Call ${un}closeUserPath
  ${EndIf}
  !insertmacro CULVERT_PATH_RESTORE
  Pop $R0
FunctionEnd

!macroend

!macro CULVERT_PATH_REMOVE un

; Stack: folder. Takes it out of the PATH wherever it stands; a PATH that holds nothing else is removed.
Function ${un}removeFromUserPath
  Exch $R0
  !insertmacro CULVERT_PATH_SAVE
  Call ${un}openUserPath
  ${If} $R1 <> 0
    StrCpy $R8 0
    ${Do}
      Call ${un}findInUserPath
      ${If} $R5 = 0
        ${Break}
      ${EndIf}
      StrCpy $R8 1
      ; ";FOLDER;" becomes ";".
      StrLen $R6 $R0
      IntOp $R6 $R6 + 1
      IntOp $R6 $R6 * 2
      IntPtrOp $R6 $R5 + $R6
      System::Call 'kernel32::lstrlenW(p R6) i .R7'
      IntOp $R7 $R7 + 1
      IntOp $R7 $R7 * 2
      System::Call 'kernel32::RtlMoveMemory(p R5, p R6, p R7)'
    ${Loop}
    ${If} $R8 = 1
      System::Call 'kernel32::lstrlenW(p R4) i .R6'
      ${If} $R6 < 2
        System::Call 'advapi32::RegDeleteValueW(p R1, w "Path") i .R5'
      ${Else}
        ; ";REST;" without the first and the last.
        IntOp $R6 $R6 - 1
        IntOp $R6 $R6 * 2
        IntPtrOp $R7 $R4 + $R6
        System::Call '*$R7(&i2 0)'
        IntPtrOp $R7 $R4 + 2
        System::Call 'advapi32::RegSetValueExW(p R1, w "Path", i 0, i R2, p R7, i R6) i .R5'
      ${EndIf}
      Call ${un}tellUserPath
    ${EndIf}
    Call ${un}closeUserPath
  ${EndIf}
  !insertmacro CULVERT_PATH_RESTORE
  Pop $R0
FunctionEnd

!macroend

!macro CULVERT_PATH_SAVE
  Push $R1
  Push $R2
  Push $R3
  Push $R4
  Push $R5
  Push $R6
  Push $R7
  Push $R8
  Push $R9
!macroend

!macro CULVERT_PATH_RESTORE
  Pop $R9
  Pop $R8
  Pop $R7
  Pop $R6
  Pop $R5
  Pop $R4
  Pop $R3
  Pop $R2
  Pop $R1
!macroend
