/** Put in by the build (electron.vite.config.ts); absent when the sources run as they are. */
declare const __CULVERT_UPDATE_URL__: string | undefined;
declare const __CULVERT_UPDATE_KEYS__: string | undefined;

/** Where this build gets its updates from, and the public keys that must have signed them; "" for none. */
export const builtInFeed = {
  url: typeof __CULVERT_UPDATE_URL__ === "string" ? __CULVERT_UPDATE_URL__ : "",
  keys: typeof __CULVERT_UPDATE_KEYS__ === "string" ? __CULVERT_UPDATE_KEYS__ : "",
} as const;
