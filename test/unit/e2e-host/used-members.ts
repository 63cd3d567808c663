import path from "node:path";
import ts from "typescript";

/** A member of Electron that the app uses, as electron.d.ts names it. */
export interface UsedMember {
  /** The interface or class that declares it. */
  readonly owner: string;
  readonly name: string;
  readonly isStatic: boolean;
  /** Set where it is `on` or the like with a name of an event. */
  readonly event: string | null;
  /** Where it is used: file:line. */
  readonly at: string;
}

const repository = path.join(import.meta.dirname, "../../..");
const listening = new Set(["on", "once", "addListener", "prependListener"]);

/** Values that the folder imports from "electron". */
export interface UsedElectron {
  readonly imports: ReadonlySet<string>;
  readonly members: readonly UsedMember[];
}

/** Finds with TypeScript's own checker what a folder of src uses of Electron, whatever it is called there. */
export function usedElectron(folder: string): UsedElectron {
  const file = path.join(repository, "src", folder, "tsconfig.json");
  const { config } = ts.readConfigFile(file, (name) => ts.sys.readFile(name)) as { config: unknown };
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, path.dirname(file));
  const program = ts.createProgram({
    rootNames: parsed.fileNames,
    // Sources alone: what other folders have built is not needed to see what is Electron's.
    options: { ...parsed.options, composite: false, noEmit: true, emitDeclarationOnly: false, skipLibCheck: true },
  });
  const checker = program.getTypeChecker();
  const imports = new Set<string>();
  const members: UsedMember[] = [];

  const look = (source: ts.SourceFile, node: ts.Node): void => {
    if (
      ts.isImportDeclaration(node) &&
      ts.isStringLiteral(node.moduleSpecifier) &&
      node.moduleSpecifier.text === "electron"
    ) {
      const named = node.importClause?.namedBindings;
      if (node.importClause?.isTypeOnly !== true && named && ts.isNamedImports(named))
        for (const one of named.elements) if (!one.isTypeOnly) imports.add((one.propertyName ?? one.name).text);
    }
    for (const [name, at] of accessed(node)) {
      const symbol = checker.getSymbolAtLocation(at) ?? memberOf(checker, node, name);
      const declaration = symbol?.declarations?.find((one) => one.getSourceFile().fileName.endsWith("/electron.d.ts"));
      const owner = declaration?.parent;
      if (!declaration || !owner || !(ts.isInterfaceDeclaration(owner) || ts.isClassDeclaration(owner))) continue;
      const call = ts.isPropertyAccessExpression(node) && ts.isCallExpression(node.parent) ? node.parent : null;
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      for (const event of listening.has(name) && call ? eventsOf(checker, call) : [null])
        members.push({
          owner: owner.name?.text ?? "",
          name,
          isStatic: (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Static) !== 0,
          event,
          at: `${path.relative(repository, source.fileName)}:${line}`,
        });
    }
    node.forEachChild((child) => look(source, child));
  };
  for (const source of program.getSourceFiles()) if (parsed.fileNames.includes(source.fileName)) look(source, source);
  return { imports, members };
}

/** `a.b`, and `const { b } = a`. */
function accessed(node: ts.Node): readonly (readonly [string, ts.Node])[] {
  if (ts.isPropertyAccessExpression(node)) return [[node.name.text, node.name]];
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const name = node.propertyName ?? node.name;
    return ts.isIdentifier(name) ? [[name.text, name]] : [];
  }
  return [];
}

/** The member that a destructuring takes out of its object. */
function memberOf(checker: ts.TypeChecker, node: ts.Node, name: string): ts.Symbol | undefined {
  return ts.isBindingElement(node) ? checker.getTypeAtLocation(node.parent).getProperty(name) : undefined;
}

/** The names that the first argument can be, as its type says: a loop over names has several. */
function eventsOf(checker: ts.TypeChecker, call: ts.CallExpression): string[] {
  const [first] = call.arguments;
  // `on(event as "show")` narrows a loop's variable for the overloads; the loop is what counts.
  const expression = first && ts.isAsExpression(first) ? first.expression : first;
  if (!expression) return [];
  const type = checker.getTypeAtLocation(expression);
  const types = type.isUnion() ? type.types : [type];
  return types.filter((one) => one.isStringLiteral()).map((one) => one.value);
}
