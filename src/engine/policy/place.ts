/** What was found at one place where administrators leave managed settings. */
export type Found =
  | { readonly kind: "nothing" }
  /** By name, as they stand there: nothing of it is checked yet. */
  | {
      readonly kind: "values";
      /** For people: a path or a key, with what it takes to find it there. */
      readonly place: string;
      readonly values: Readonly<Record<string, unknown>>;
      /** "PLACE, line 3" where lines are known. */
      readonly placeOf: (name: string) => string;
      /** Names are the same whatever their case, and 0 and 1 stand for no and yes: the registry knows no better. */
      readonly isRegistry?: true;
    }
  /** It was not left there by an administrator. */
  | { readonly kind: "ignored"; readonly problem: string }
  /** The system does not let anybody look: there may be something. */
  | { readonly kind: "unknown"; readonly problem: string }
  /**
   * There is something, or there may be, and it cannot be understood.
   * @property why ends a sentence.
   * @property mend what would be right, a sentence with an example; left out where the fault is not in what was written.
   */
  | { readonly kind: "unreadable"; readonly place: string; readonly why: string; readonly mend?: string };

export const nothingFound: Found = { kind: "nothing" };
