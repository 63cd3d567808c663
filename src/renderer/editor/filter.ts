import { filterAttribute, filterAttributes, filterParts } from "../../shared/name-filter.ts";

/** A filter of the certificate store as the form holds it. */
export interface FilterDraft {
  /** "" for no filter. The value stays meanwhile. */
  readonly attribute: string;
  readonly value: string;
}

export const noFilter: FilterDraft = { attribute: "", value: "" };

/** What the form shows of a saved filter; an attribute that is not known stays, so that nobody loses a filter unseen. */
export function filterOf(text: string): FilterDraft {
  if (text === "") return noFilter;
  const { attribute, value } = filterParts(text) ?? { attribute: text, value: "" };
  const known = filterAttribute(attribute);
  return { attribute: known ? (known.short ?? known.long) : attribute, value };
}

/** What is saved of it: ATTRIBUTE=VALUE, or "". */
export const filterText = ({ attribute, value }: FilterDraft): string =>
  attribute === "" ? "" : `${attribute}=${value}`;

const usual = [
  { value: "", label: "No filter" },
  ...filterAttributes.map(({ long, short, words }) => ({
    value: short ?? long,
    label: short === null ? words : `${words} (${short})`,
  })),
];

/** What can be filtered by, and what is filtered by now. */
export const filterOptions = (attribute: string): typeof usual =>
  usual.some(({ value }) => value === attribute) ? usual : [...usual, { value: attribute, label: attribute }];
