import { useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { RemovableChip } from "./chip.tsx";
import { classNames } from "./class-names.ts";
import "./tags-field.css";

export interface TagsFieldProps {
  readonly id?: string;
  readonly tags: readonly string[];
  readonly onChange: (tags: readonly string[]) => void;
  /** Tags that are in use elsewhere. */
  readonly suggestions: readonly string[];
  readonly label?: string;
  readonly "aria-describedby"?: string | undefined;
  readonly invalid?: boolean;
  /** Characters of one tag. */
  readonly maxLength?: number;
}

const shownSuggestions = 8;

/** The tags with those of a text that a comma or a line break separates: trimmed, without repeats, in the case they were written in. */
export function withTags(tags: readonly string[], text: string): readonly string[] {
  const fresh = text.split(/[,\n]/).map((tag) => tag.trim());
  return [...new Set([...tags, ...fresh.filter((tag) => tag !== "")])];
}

/** Suggestions for what is written so far: those that start with it come first. */
export function suggested(suggestions: readonly string[], tags: readonly string[], text: string): readonly string[] {
  const wanted = text.trim().toLowerCase();
  const free = suggestions.filter((tag) => !tags.includes(tag) && tag.toLowerCase().includes(wanted));
  const starts = (tag: string): boolean => tag.toLowerCase().startsWith(wanted);
  return [...free.filter(starts), ...free.filter((tag) => !starts(tag))].slice(0, shownSuggestions);
}

/** Chips and a field for more: comma or Enter adds, Backspace in the empty field removes the last. */
export function TagsField(props: TagsFieldProps): ReactNode {
  const { tags, onChange, suggestions, invalid = false } = props;
  const [text, setText] = useState("");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const listId = useId();
  const offered = open ? suggested(suggestions, tags, text) : [];

  const write = (next: string): void => {
    setText(next);
    setActive(-1);
    setOpen(true);
  };
  const add = (added: string): void => {
    const next = withTags(tags, added);
    if (next.length !== tags.length) onChange(next);
    setText("");
    setActive(-1);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const chosen = offered[active];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) {
        setOpen(true);
        return;
      }
      // One place more than there are suggestions: none of them is active there.
      const places = offered.length + 1;
      setActive(((active + 1 + (event.key === "ArrowDown" ? 1 : -1) + places) % places) - 1);
    } else if (event.key === "Enter" && (chosen !== undefined || text.trim() !== "")) {
      event.preventDefault();
      add(chosen ?? text);
    } else if (event.key === "Backspace" && text === "" && tags.length > 0) {
      onChange(tags.slice(0, -1));
    } else if (event.key === "Escape" && offered.length > 0) {
      event.stopPropagation();
      event.preventDefault();
      setOpen(false);
      setActive(-1);
    }
  };

  return (
    <div className="tags-field">
      <div
        className={classNames("field", "tags-field-box", invalid && "field-bad")}
        onMouseDown={(event) => {
          if (event.target !== event.currentTarget) return;
          event.preventDefault();
          input.current?.focus();
        }}
      >
        {tags.map((tag) => (
          <RemovableChip
            key={tag}
            label={tag}
            onRemove={() => {
              onChange(tags.filter((other) => other !== tag));
              input.current?.focus();
            }}
          />
        ))}
        <input
          ref={input}
          id={props.id}
          role="combobox"
          aria-label={props.label}
          aria-describedby={props["aria-describedby"]}
          aria-invalid={invalid || undefined}
          aria-autocomplete="list"
          aria-expanded={offered.length > 0}
          aria-controls={offered.length > 0 ? listId : undefined}
          aria-activedescendant={active >= 0 ? `${listId}-${active}` : undefined}
          autoComplete="off"
          spellCheck={false}
          maxLength={props.maxLength}
          placeholder="Add a tag"
          value={text}
          onChange={(event) => {
            const { value } = event.currentTarget;
            if (value.includes(",")) add(value);
            else write(value);
          }}
          onPaste={(event) => {
            const pasted = event.clipboardData.getData("text");
            if (!/[,\n]/.test(pasted)) return;
            event.preventDefault();
            add(text + pasted);
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => {
            add(text);
            setOpen(false);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      {offered.length > 0 && (
        <ul id={listId} role="listbox" aria-label="Tags in use" className="tags-field-list">
          {offered.map((tag, index) => (
            <li
              key={tag}
              id={`${listId}-${index}`}
              role="option"
              aria-selected={index === active}
              onMouseDown={(event) => {
                // The field keeps the focus.
                event.preventDefault();
                add(tag);
              }}
            >
              {tag}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
