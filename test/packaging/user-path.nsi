; Runs the installer's own functions: the folders are in CULVERT_ADD and CULVERT_REMOVE.
Unicode true
Target amd64-unicode
Name "user-path"
OutFile "${OUT}"
RequestExecutionLevel user
SilentInstall silent
!include "${NSH}"
!insertmacro CULVERT_PATH_SHARED ""
!insertmacro CULVERT_PATH_ADD ""
!insertmacro CULVERT_PATH_REMOVE ""
Section
  ; Registers that the functions must give back.
  StrCpy $R1 "kept 1"
  StrCpy $R9 "kept 9"
  ReadEnvStr $0 CULVERT_ADD
  ${If} $0 != ""
    Push $0
    Call addToUserPath
  ${EndIf}
  ReadEnvStr $0 CULVERT_REMOVE
  ${If} $0 != ""
    Push $0
    Call removeFromUserPath
  ${EndIf}
  SetErrorLevel 0
  ${If} $R1 != "kept 1"
  ${OrIf} $R9 != "kept 9"
    SetErrorLevel 9
  ${EndIf}
SectionEnd
