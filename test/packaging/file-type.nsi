; Runs the installer's own macros: CULVERT_DO says which.
Unicode true
Target amd64-unicode
Name "file-type"
OutFile "${OUT}"
RequestExecutionLevel user
SilentInstall silent
!define APP_EXECUTABLE_FILENAME "Culvert.exe"
!include "${NSH}"
Section
  StrCpy $INSTDIR "C:\Users\Ada Lovelace\AppData\Local\Programs\culvert"
  ReadEnvStr $0 CULVERT_DO
  ${If} $0 == "add"
    !insertmacro CULVERT_ADD_FILE_TYPE "culvert"
  ${ElseIf} $0 == "remove"
    !insertmacro CULVERT_REMOVE_FILE_TYPE "culvert"
  ${EndIf}
  SetErrorLevel 0
SectionEnd
