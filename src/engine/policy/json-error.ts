const space = /[ \t\r\n]*/y;
const stringToken = /"(?:[^"\\\t\r\n]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const plainToken = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** Deeper than any document that is meant; a bound on the stack. */
const deepest = 100;

/** Where a text stops being JSON, or its length where it never does. Node's own message does not always say. */
export function jsonErrorPosition(text: string): number {
  let at = 0;
  const take = (token: RegExp): boolean => {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match) at += match[0].length;
    return match !== null;
  };
  const skip = (): void => void take(space);
  const sign = (wanted: string): boolean => {
    if (text[at] !== wanted) return false;
    at++;
    skip();
    return true;
  };
  const list = (close: string, item: () => boolean): boolean => {
    if (sign(close)) return true;
    do if (!item()) return false;
    while (sign(","));
    return sign(close);
  };
  const value = (depth: number): boolean => {
    if (depth > deepest) return false;
    if (sign("[")) return list("]", () => value(depth + 1));
    if (sign("{")) return list("}", () => take(stringToken) && (skip(), sign(":")) && value(depth + 1));
    const taken = take(stringToken) || take(plainToken);
    skip();
    return taken;
  };
  skip();
  value(0);
  return at;
}
