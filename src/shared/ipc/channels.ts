/** The names of Electron's IPC channels. Apart from the contract, so that preload carries no schemas. */
export const channels = { call: "culvert:call", update: "culvert:update" } as const;

/** Where preload puts the window API. */
export const windowApiKey = "culvert";
