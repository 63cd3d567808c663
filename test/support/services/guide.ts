/** One fenced block of a guide. */
export interface Block {
  /** `sh`: commands. `text`: what they print. `text log`: what the running culvert has logged. `sshconfig`: lines for ~/.ssh/config. */
  readonly kind: "sh" | "text" | "text log" | "sshconfig";
  readonly body: string;
  /** Line in the file, for messages. */
  readonly line: number;
}

const kinds: ReadonlySet<string> = new Set(["sh", "text", "text log", "sshconfig"]);

/** The fenced blocks of a Markdown text; a block of a kind that nobody checks is a mistake. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  for (const match of markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)) {
    const [, kind = "", body = ""] = match;
    const line = markdown.slice(0, match.index).split("\n").length;
    if (!kinds.has(kind)) throw new Error(`line ${line}: nothing checks a block of the kind "${kind}"`);
    blocks.push({ kind: kind as Block["kind"], body: body.trimEnd(), line });
  }
  return blocks;
}

/** The messages that a guide explains: first column of its last table, without the backticks. */
export function messagesOf(markdown: string): string[] {
  return [...markdown.matchAll(/^\| `([^`]+)` +\|/gm)].map((match) => match[1] ?? "");
}

/** True for a command that runs until it is stopped, in a terminal of its own. */
export const keepsRunning = (body: string): boolean =>
  /^culvert (tcp|udp) /.test(body) && !/--listen[ =]-( |$)/.test(body);

/** Names of this computer: what the guides call their Pomerium and its routes, and what examples/ calls it. */
export const guideHosts = /[\w.-]+\.(?:corp\.example\.com|localhost\.pomerium\.io)/;

/** Puts the proxy's real port behind each `https://NAME.corp.example.com`, and behind the names of examples/. */
export function originOnPort(text: string, port: string | number): string {
  return text.replace(new RegExp(`https://${guideHosts.source}(?!:\\d)`, "g"), (origin) => `${origin}:${port}`);
}

/** What the names of the guides stand for on this computer. */
export interface GuideNames {
  readonly proxyPort: number;
  /** What Culvert is told to listen on: 0 for any, or a port that is free for TCP and UDP. */
  readonly listenOn: number;
  /** Real local port behind each that a guide shows; Culvert is told to choose, so that tests can run side by side. */
  readonly localPorts: ReadonlyMap<number, number>;
  /** Home folder of the person who follows the guide. */
  readonly home: string;
  /** Who `alice` is on the servers. */
  readonly user: string;
}

/**
 * THE ONE PLACE where names of the guides become names of this computer, in commands and in what they print:
 * - `--listen 6379` and `…:6379=6379` become port 0, since Culvert shall choose a free one (or, where a command names one
 *   port for TCP and for UDP, a port that is free for both);
 * - `-p 6379`, `port=6379`, `127.0.0.1:6379` and `localhost:6379` become the port that it chose;
 * - `https://NAME.corp.example.com` gets the proxy's port behind it (not in commands: guide-culvert.ts does it there);
 * - `~/.ssh/` becomes a temporary folder, and the user `alice` whoever runs the tests.
 * Destinations such as redis.corp.example.com:6379 stay as they are: the stand-in has those routes.
 */
export const substitute = {
  command: (text: string, names: GuideNames): string =>
    withLocalPorts(text, names)
      .replace(/(--listen[ =])\d+/g, `$1${names.listenOn}`)
      .replace(/(corp\.example\.com:\d+=)\d+/g, `$1${names.listenOn}`)
      .replaceAll("~/.ssh/", `${names.home}/.ssh/`)
      .replace(/\bUser alice\b/g, `User ${names.user}`)
      .replace(/\balice@(ssh\.|127\.)/g, `${names.user}@$1`),

  output: (text: string, names: GuideNames): string => originOnPort(withLocalPorts(text, names), names.proxyPort),
};

function withLocalPorts(text: string, { localPorts }: GuideNames): string {
  return text.replace(/(-p |\bport=|127\.0\.0\.1:|localhost:)(\d+)\b/g, (whole, before: string, port: string) => {
    const real = localPorts.get(Number(port));
    return real === undefined ? whole : `${before}${real}`;
  });
}

/**
 * A line of a guide as a pattern: times, durations, sizes, process ids, request ids and the ports of clients may differ,
 * and `…` stands for anything.
 */
export function patternOf(line: string): string {
  const exact = line.trimEnd().replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  return exact
    .replace(/^\d{1,2}:\d\d[AP]M /, "\\d{1,2}:\\d\\d[AP]M ")
    .replace(/\b(in|after) \d+(\\\.\d)? (ms|s)\b/g, "$1 \\d+(\\.\\d)? (ms|s)")
    .replace(/\b(sent|received) \d+(\\\.\d)? (B|kB|MB)/g, "$1 \\d+(\\.\\d)? (B|kB|MB)")
    .replace(/\bfrom 127\\\.0\\\.0\\\.1:\d+/g, "from 127\\.0\\.0\\.1:\\d+")
    .replace(/\S+ \\\(process \d+\\\)/g, "\\S+ \\(process \\d+\\)")
    .replace(/pid=\d+/g, "pid=\\d+")
    .replaceAll("…", ".*");
}
