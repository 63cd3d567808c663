import * as v from "valibot";

/** Settings of the app; each change applies at once. */
export const settingsSchema = v.strictObject({
  startAtSignIn: v.optional(v.boolean(), false),
  whenWindowCloses: v.optional(v.picklist(["tray", "quit"]), "tray"),
  theme: v.optional(v.picklist(["system", "light", "dark"]), "system"),
  density: v.optional(v.picklist(["comfortable", "compact"]), "comfortable"),
  copyOnTurnOn: v.optional(v.boolean(), false),
  /** An Electron accelerator for the command palette, or "" for none. */
  paletteShortcut: v.optional(v.pipe(v.string(), v.maxLength(100)), ""),
  /** A command that opens a URL, or "" for the system's default browser. */
  browserCommand: v.optional(v.pipe(v.string(), v.maxLength(1_024)), ""),
  /** One sign-in for all hosts of one Pomerium; takes effect at the next start. */
  shareSessions: v.optional(v.boolean(), true),
  /** Opens the sign-in page when a client needs it; off: only when the user asks. */
  openSignInPage: v.optional(v.boolean(), true),
  /** Minutes before a known end of a session to warn; 0 never. */
  warnBeforeSessionEnds: v.optional(v.picklist([0, 5, 10, 30]), 10),
  /** "automatic" downloads a newer version and installs it when the app quits; "ask" tells of it only; "off" looks for none. */
  updates: v.optional(v.picklist(["automatic", "ask", "off"]), "automatic"),
  logLevel: v.optional(v.picklist(["error", "info", "debug"]), "info"),
  notifySignIn: v.optional(v.boolean(), true),
  notifyFailure: v.optional(v.boolean(), true),
  notifySessionEnds: v.optional(v.boolean(), true),
  notifyUpdate: v.optional(v.boolean(), true),
});
export type Settings = v.InferOutput<typeof settingsSchema>;

export const defaultSettings: Settings = v.parse(settingsSchema, {});

/** Some settings, to change those and no others. A setting that is there has a value: undefined is none. */
export const settingsChangeSchema = v.strictObject(
  Object.fromEntries(
    Object.entries(settingsSchema.entries).map(([name, entry]) => [name, v.exactOptional(entry.wrapped as never)]),
  ) as unknown as {
    [K in keyof Settings]: v.ExactOptionalSchema<v.GenericSchema<Settings[K]>, undefined>;
  },
);
export type SettingsChange = Partial<Settings>;
