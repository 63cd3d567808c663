import path from "node:path";
import js from "@eslint/js";
import tseslint from "typescript-eslint";

/** What each folder of src may not import: the table in docs/architecture.md, for what tsc cannot see. */
const forbidden = {
  shared: [
    "node:*",
    "electron",
    "electron/*",
    "react",
    "react-dom",
    "**/engine/**",
    "**/main/**",
    "**/cli/**",
    "**/renderer/**",
    "**/preload/**",
  ],
  engine: [
    "electron",
    "electron/*",
    "react",
    "react-dom",
    "**/main/**",
    "**/cli/**",
    "**/renderer/**",
    "**/preload/**",
  ],
  main: ["**/renderer/**", "**/preload/**", "**/cli/**", "**/engine/*/**"],
  preload: ["node:*", "**/engine/**", "**/main/**", "**/cli/**", "**/renderer/**"],
  renderer: ["node:*", "electron", "electron/*", "**/engine/**", "**/main/**", "**/cli/**", "**/preload/**"],
  cli: ["electron", "electron/*", "**/main/**", "**/renderer/**", "**/preload/**", "**/engine/*/**"],
};

/** Inside the engine imports go manager → tunnel → connect, session → tls, never back. */
const engineForbidden = {
  tls: ["**/connect/**", "**/session/**", "**/tunnel/**", "**/manager/**"],
  connect: ["**/session/**", "**/tunnel/**", "**/manager/**"],
  session: ["**/connect/**", "**/tunnel/**", "**/manager/**"],
  tunnel: ["**/manager/**"],
  manager: ["**/connect/**", "**/session/**"],
};

const noImports = (patterns) => ({
  "no-restricted-imports": [
    "error",
    { patterns: [{ group: patterns, message: "See the import table in docs/architecture.md." }] },
  ],
});

const kebabCaseFiles = {
  create: (context) => ({
    Program(node) {
      const name = path.basename(context.filename);
      if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(name))
        context.report({ node, message: `File names are kebab-case: ${name}` });
    },
  }),
};

export default tseslint.config(
  { ignores: ["out/", "dist/", "node_modules/", "coverage/"] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ["src/*/tsconfig.json", "test/tsconfig.json", "test/tsconfig.page.json"],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { culvert: { rules: { "kebab-case-files": kebabCaseFiles } } },
    rules: {
      "culvert/kebab-case-files": "error",
      "no-restricted-syntax": ["error", { selector: "ExportDefaultDeclaration", message: "No default exports." }],
      "max-lines": ["error", { max: 400 }],
      eqeqeq: "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unnecessary-condition": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
    },
  },
  ...Object.entries(forbidden).map(([folder, patterns]) => ({
    files: [`src/${folder}/**`],
    rules: noImports(patterns),
  })),
  ...Object.entries(engineForbidden).map(([folder, patterns]) => ({
    files: [`src/engine/${folder}/**`],
    rules: noImports([...patterns, ...forbidden.engine]),
  })),
  {
    // The library of updates has one file.
    files: ["src/main/**"],
    ignores: ["src/main/updates/electron-updater.ts"],
    rules: noImports([...forbidden.main, "electron-updater", "electron-updater/**"]),
  },
  {
    // Adapters are built in the composition root alone; commands get them through their context.
    files: ["src/cli/**"],
    ignores: ["src/cli/index.ts", "src/cli/store/**", "src/cli/sign-in/**"],
    rules: noImports([
      ...forbidden.cli,
      "**/store/file-session-store.ts",
      "**/sign-in/adapters.ts",
      "**/sign-in/open-browser.ts",
    ]),
  },
  {
    // Electron's raw IPC has one file on each side; everything else goes through the contract.
    files: ["src/main/**", "src/preload/**"],
    ignores: ["src/main/ipc/ipc-server.ts", "src/preload/preload.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "No default exports." },
        {
          selector: "ImportSpecifier[imported.name=/^(ipcMain|ipcRenderer|contextBridge)$/]",
          message: "Go through the contract in src/shared/ipc.",
        },
      ],
    },
  },
  {
    // One file knows what provides the bridge.
    files: ["src/renderer/**"],
    ignores: ["src/renderer/bridge.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "No default exports." },
        { selector: "MemberExpression[object.name='window'][property.name='culvert']", message: "Use the bridge." },
      ],
    },
  },
  {
    files: ["src/engine/**"],
    rules: {
      "no-restricted-properties": [
        "error",
        { object: "process", property: "env", message: "The engine gets its settings handed in." },
        { object: "process", property: "exit", message: "Only a face of the engine ends the process." },
      ],
      "no-console": "error",
    },
  },
  { files: ["*.config.ts", "*.config.js"], rules: { "no-restricted-syntax": "off" } },
  {
    files: ["*.config.js"],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { parserOptions: { project: null } },
  },
  { files: ["*.config.js"], rules: { "culvert/kebab-case-files": "off" } },
);
