/** What the composition root needs to let a person sign in, loaded together. */
export { BrowserOrTerminal } from "./browser-or-terminal.ts";
export { OpenBrowser } from "./open-browser.ts";
export { chosenOpener, systemOpener } from "./opener.ts";
export { KeyboardLines, openKeyboard } from "./pasted-lines.ts";
export { TerminalSignIn } from "./terminal-sign-in.ts";
