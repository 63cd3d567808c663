/** A value on its way between the two worlds of a page. */
type Packed =
  | { readonly is: "value"; readonly value: unknown }
  | { readonly is: "function" | "promise"; readonly id: number }
  | { readonly is: "error"; readonly message: string }
  /** An object that is already part of the same value, by its number there. */
  | { readonly is: "seen"; readonly at: number }
  | { readonly is: "array"; readonly items: readonly Packed[] }
  | { readonly is: "object"; readonly items: readonly (readonly [string, Packed])[] };

type Answer = { readonly value: Packed } | { readonly threw: Packed };

/** One world's end of the bridge between the page and its preload. */
export interface PageBridge {
  /** Calls what the other world offers under this name. */
  ask(name: string, ...args: readonly unknown[]): unknown;
  offer(name: string, act: (...args: unknown[]) => unknown): void;
}

/**
 * Carries calls between two worlds of one page as Electron's contextBridge does: functions and promises become proxies,
 * arrays and plain objects are copied, errors keep their message only, everything else is cloned.
 *
 * The worlds share nothing but the document, so a call is an event on it under a name that the page cannot guess.
 * Runs in the page from its source: it uses nothing from outside its own body.
 */
export function makePageBridge(token: string, here: string, there: string): PageBridge {
  // Electron's own limit for nested values.
  const deepest = 1000;
  const functions = new Map<number, (...args: unknown[]) => unknown>();
  const offers = new Map<string, (...args: unknown[]) => unknown>();
  const promises = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  const dispatch = document.dispatchEvent.bind(document);
  const listenTo = document.addEventListener.bind(document);
  let last = 0;
  let answer: Answer | undefined;

  const post = (name: string, detail: unknown): void => {
    dispatch(new CustomEvent(`${token}:${there}:${name}`, { detail }));
  };
  const listen = <T>(name: string, act: (detail: T) => void): void => {
    listenTo(`${token}:${here}:${name}`, (event) => act((event as CustomEvent<T>).detail));
  };

  const pack = (value: unknown, seen = new Map<object, number>(), depth = 0): Packed => {
    if (depth > deepest) throw new TypeError("Electron contextBridge recursion depth exceeded.");
    if (typeof value === "symbol") throw new TypeError("Symbols can not be sent over the context bridge");
    if (typeof value === "function") {
      last += 1;
      functions.set(last, value as (...args: unknown[]) => unknown);
      return { is: "function", id: last };
    }
    if (typeof value !== "object" || value === null) return { is: "value", value };
    if (value instanceof Promise) {
      last += 1;
      const id = last;
      value.then(
        (result: unknown) => post("settled", { id, answer: { value: pack(result) } }),
        (error: unknown) => post("settled", { id, answer: { threw: pack(error) } }),
      );
      return { is: "promise", id };
    }
    if (value instanceof Error) return { is: "error", message: value.message };
    const known = seen.get(value);
    if (known !== undefined) return { is: "seen", at: known };
    if (Array.isArray(value)) {
      seen.set(value, seen.size);
      return { is: "array", items: value.map((one) => pack(one, seen, depth + 1)) };
    }
    if (Object.prototype.toString.call(value) === "[object Object]") {
      seen.set(value, seen.size);
      return { is: "object", items: Object.entries(value).map(([key, one]) => [key, pack(one, seen, depth + 1)]) };
    }
    return { is: "value", value };
  };

  const unpack = (packed: Packed, seen: unknown[] = []): unknown => {
    switch (packed.is) {
      case "value":
        return packed.value;
      case "seen":
        return seen[packed.at];
      case "function":
        return (...args: unknown[]) => call("call", packed.id, args);
      case "promise":
        return new Promise((resolve, reject) => promises.set(packed.id, { resolve, reject }));
      case "error":
        return new Error(packed.message);
      case "array": {
        const array: unknown[] = [];
        seen.push(array);
        for (const one of packed.items) array.push(unpack(one, seen));
        return array;
      }
      default: {
        const object: Record<string, unknown> = {};
        seen.push(object);
        for (const [key, one] of packed.items) {
          // Defined, not assigned: a key named __proto__ stays data.
          const value = unpack(one, seen);
          Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
        }
        return object;
      }
    }
  };

  const call = (kind: "call" | "ask", target: number | string, args: readonly unknown[]): unknown => {
    answer = undefined;
    post(kind, { target, args: args.map((one) => pack(one)) });
    const got = answer as Answer | undefined;
    answer = undefined;
    if (got === undefined) throw new Error("The other side of the context bridge is gone");
    if ("threw" in got) throw unpack(got.threw);
    return unpack(got.value);
  };

  const serve = <T>(name: string, find: (target: T) => ((...args: unknown[]) => unknown) | undefined): void =>
    listen(name, (detail: { target: T; args: readonly Packed[] }) => {
      let result: Answer;
      try {
        const act = find(detail.target);
        if (act === undefined) throw new Error("The context bridge has no such function");
        result = { value: pack(act(...detail.args.map((one) => unpack(one)))) };
      } catch (error) {
        result = { threw: pack(error) };
      }
      post("answer", result);
    });

  serve<number>("call", (id) => functions.get(id));
  serve<string>("ask", (name) => offers.get(name));
  listen("answer", (got: Answer) => {
    answer = got;
  });
  listen("settled", (detail: { id: number; answer: Answer }) => {
    const waiting = promises.get(detail.id);
    promises.delete(detail.id);
    if ("threw" in detail.answer) waiting?.reject(unpack(detail.answer.threw));
    else waiting?.resolve(unpack(detail.answer.value));
  });

  return {
    ask: (name, ...args) => call("ask", name, args),
    offer: (name, act) => void offers.set(name, act),
  };
}
