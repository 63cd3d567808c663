import { userPathTests } from "../support/packaging/windows-installer.ts";

userPathTests();
