/** What promises, serializers and test tools look for on any value. */
const lookedForEverywhere = new Set([
  "then",
  "toJSON",
  "inspect",
  "nodeType",
  "tagName",
  "$$typeof",
  "asymmetricMatch",
]);

function guard(owner: string, prototype: object): object {
  return new Proxy(prototype, {
    get(target, name, receiver): unknown {
      if (typeof name === "symbol" || name in target || lookedForEverywhere.has(name)) {
        return Reflect.get(target, name, receiver);
      }
      throw new Error(
        `The stand-in for Electron has no ${owner}.${name}. ` +
          "Write it in test/e2e/host/double, as Electron's documentation says it behaves.",
      );
    },
  });
}

/** Makes reading a member that the object does not have an error instead of undefined. */
export function loud<T extends object>(owner: string, value: T): T {
  Object.setPrototypeOf(value, guard(owner, Object.create(Object.getPrototypeOf(value) as object) as object));
  return value;
}

/**
 * The same for every instance of a class, and for its static side. The guard stands above the class in the chain of
 * prototypes: around the instances it would come between methods and their private fields.
 */
export function loudClass<T extends abstract new (...args: never[]) => object>(owner: string, theClass: T): T {
  loud(owner, theClass.prototype as object);
  // The guard stands for the base class itself here: `super()` calls it.
  Object.setPrototypeOf(theClass, guard(owner, Object.getPrototypeOf(theClass) as object));
  return theClass;
}

/** Makes listening to an event an error that the double neither emits nor is known never to emit on this machine. */
export function knownEvents(owner: string, theClass: { readonly prototype: object }, names: readonly string[]): void {
  const known = new Set<string | symbol>([...names, "newListener", "removeListener", "error"]);
  for (const method of ["on", "once", "addListener", "prependListener", "prependOnceListener"]) {
    const original = Reflect.get(theClass.prototype, method) as (...args: unknown[]) => unknown;
    Object.defineProperty(theClass.prototype, method, {
      configurable: true,
      value(this: object, name: string | symbol, listener: unknown): unknown {
        if (!known.has(name)) throw new Error(`The stand-in for Electron never emits "${String(name)}" on ${owner}`);
        return original.call(this, name, listener);
      },
    });
  }
}
