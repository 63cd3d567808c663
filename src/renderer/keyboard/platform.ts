/**
 * True where ⌘ is the key of commands. Read from the page itself, since key caps are on screen before the first snapshot.
 * @param agent the page's user agent.
 */
export const isMac = (agent: string = navigator.userAgent): boolean => /\bMac/.test(agent);
