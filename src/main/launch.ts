/** What the systems know the app by; the same as in electron-builder.yml. */
export const appId = "io.culvert.app";

/** What the app was started with. */
export interface Launch {
  /** Starts without a window, as at sign-in. */
  readonly hidden: boolean;
  /** Address of the development server; null shows the built page. */
  readonly devUrl: string | null;
}

/**
 * Reads the arguments and the environment of a start.
 * @param packaged a packaged app shows its own page and nothing else.
 * @param atSignIn the system says that it started the app at sign-in; macOS passes no arguments then.
 */
export function launchOf(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  packaged: boolean,
  atSignIn = false,
): Launch {
  const devUrl = env["ELECTRON_RENDERER_URL"] ?? "";
  return {
    hidden: atSignIn || argv.includes("--hidden"),
    devUrl: packaged || !URL.canParse(devUrl) ? null : devUrl,
  };
}
