import type { ReactNode } from "react";
import { classNames } from "../controls/class-names.ts";
import "../controls/text-field.css";

export interface PasteAreaProps {
  readonly label: string;
  readonly placeholder: string;
  readonly maxLength: number;
  /** Gets a text that holds whole PEM blocks; the area is empty again by then. */
  readonly onPem: (text: string) => void;
}

/** Takes pasted PEM. Not a controlled field of React: that would write a key into the text of the page. */
export const PasteArea = ({ label, placeholder, maxLength, onPem }: PasteAreaProps): ReactNode => (
  <textarea
    aria-label={label}
    placeholder={placeholder}
    maxLength={maxLength}
    rows={2}
    autoComplete="off"
    autoCapitalize="off"
    spellCheck={false}
    className={classNames("field", "field-area", "field-mono", "editor-part")}
    onChange={({ currentTarget }) => {
      const text = currentTarget.value;
      if (!/-----END [A-Z0-9 ]+-----/.test(text)) return;
      currentTarget.value = "";
      onPem(text);
    }}
  />
);
