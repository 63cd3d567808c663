const modifiers = /^(?:command|cmd|control|ctrl|commandorcontrol|cmdorctrl|alt|option|altgr|super|meta)$/i;
const functionKey = /^f(?:[1-9]|1\d|2[0-4])$/i;

/**
 * True for a combination that may be taken from every other program: with a modifier, or a function key. A letter alone, or with
 * Shift, is what people write with.
 * @param keys an Electron accelerator, "Ctrl+Shift+Space".
 */
export function isShortcut(keys: string): boolean {
  const parts = keys.split("+");
  const last = parts.at(-1) ?? "";
  return parts.slice(0, -1).some((part) => modifiers.test(part)) || functionKey.test(last);
}
