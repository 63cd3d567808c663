/**
 * @peculiar/x509 brings tsyringe, which refuses to load without the reflect-metadata polyfill. These are the few
 * functions it calls. Import this file before the library; where a real polyfill is loaded it stays in place.
 */
const store = new WeakMap<object, Map<unknown, unknown>>();

function own(target: object, key: unknown): unknown {
  return store.get(target)?.get(key);
}

function inherited(target: object | null, key: unknown): unknown {
  if (target === null) return undefined;
  return own(target, key) ?? inherited(Object.getPrototypeOf(target) as object | null, key);
}

function define(key: unknown, value: unknown, target: object): void {
  const values = store.get(target) ?? new Map<unknown, unknown>();
  store.set(target, values.set(key, value));
}

if (!("getMetadata" in Reflect)) {
  Object.assign(Reflect, {
    defineMetadata: define,
    getMetadata: (key: unknown, target: object) => inherited(target, key),
    getOwnMetadata: (key: unknown, target: object) => own(target, key),
    hasMetadata: (key: unknown, target: object) => inherited(target, key) !== undefined,
    hasOwnMetadata: (key: unknown, target: object) => own(target, key) !== undefined,
    metadata: (key: unknown, value: unknown) => (target: object) => {
      define(key, value, target);
    },
  });
}
