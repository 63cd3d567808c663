/** The pictures of README and docs, each by the name that a spec gives its screenshot. */
export const docsPictures = {
  "main.png": "main.png",
  "main-dark.png": "main-dark.png",
  "editor.png": "editor-plain.png",
  "signin.png": "signin.png",
  "palette.png": "palette.png",
} as const satisfies Readonly<Record<string, string>>;

/** The specs that take them. */
export const pictureSpecs = ["test/e2e/screens.e2e.ts", "test/e2e/screens-pages.e2e.ts"] as const;
