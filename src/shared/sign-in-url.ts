import { AppError } from "./errors.ts";

/** True for a host that only this computer answers for. */
const onThisComputer = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);

/**
 * The sign-in page as it may be handed to a browser or a terminal. It came from the network, so anything but a web
 * address could make the opener start something else; serialising it leaves no character that a terminal obeys.
 * @throws AppError `sign-in-failed`, which does not hold the URL.
 */
export function checkedSignInUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const allowed = url?.protocol === "https:" || (url?.protocol === "http:" && onThisComputer(url.hostname));
  if (url === null || !allowed || url.username !== "" || url.password !== "") {
    throw new AppError("sign-in-failed", "The proxy named a sign-in page that is not an https address.", {
      userAction: "Tell the proxy's administrator.",
    });
  }
  return url.href;
}
