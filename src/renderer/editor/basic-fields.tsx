import { useState, type ClipboardEvent, type ReactNode } from "react";
import { connectionLimits } from "../../shared/model/connection.ts";
import { splitDestination } from "../../shared/words/connection.ts";
import { Checkbox } from "../controls/choice.tsx";
import { FormRow } from "../controls/form-row.tsx";
import { Segmented } from "../controls/segmented.tsx";
import { TagsField } from "../controls/tags-field.tsx";
import { TextField } from "../controls/text-field.tsx";
import { useSnapshot, useSnapshotParts } from "../store/host.tsx";
import { problemsFor } from "./fields.ts";
import { isLink, readLink, type FilledFromLink } from "./link.ts";
import type { Editor } from "./use-editor.ts";

const allTags = (connections: readonly { readonly tags: readonly string[] }[]): readonly string[] =>
  [...new Set(connections.flatMap(({ tags }) => tags))].sort((a, b) => a.localeCompare(b));

/** Name, protocol and destination, local address, tags and the start setting. */
export function BasicFields({ editor }: { readonly editor: Editor }): ReactNode {
  const { draft, change, blur } = editor;
  const suggestions = useSnapshotParts(({ connections }) => allTags(connections));
  const mayOpenToNetwork = useSnapshot(({ outside }) => outside.managed.rules.allowNetworkListen);
  return (
    <>
      <FormRow label="Name" problems={problemsFor(editor, "name")}>
        {(field) => (
          <TextField
            {...field}
            data-field="name"
            maxLength={connectionLimits.nameLength}
            placeholder={splitDestination(draft.destination.trim()).host}
            value={draft.name}
            onChange={(name) => change({ name }, "name")}
            onBlur={() => blur("name")}
          />
        )}
      </FormRow>
      <DestinationField editor={editor} />
      <FormRow
        label="Local address"
        problems={problemsFor(editor, "listen")}
        hint={`Empty picks a free port each time. ${mayOpenToNetwork ? "A port alone stays on this computer." : "Your organisation allows ports of this computer alone."}`}
      >
        {(field) => (
          <TextField
            {...field}
            data-field="listen"
            mono
            maxLength={connectionLimits.addressLength}
            value={draft.listen}
            onChange={(listen) => change({ listen }, "listen")}
            onBlur={() => blur("listen")}
          />
        )}
      </FormRow>
      <FormRow label="Tags" problems={problemsFor(editor, "tags")}>
        {(field) => (
          <TagsField
            {...field}
            tags={draft.tags}
            suggestions={suggestions}
            maxLength={connectionLimits.tagLength}
            onChange={(tags) => {
              change({ tags }, "tags");
              blur("tags");
            }}
          />
        )}
      </FormRow>
      <div className="form-row">
        <span />
        <Checkbox checked={draft.startAtLaunch} onChange={(startAtLaunch) => change({ startAtLaunch })}>
          Turn on when Culvert starts
        </Checkbox>
      </div>
    </>
  );
}

const filledKey = ({ protocol, destination, pomeriumUrl }: FilledFromLink): string =>
  `${protocol} ${destination} ${pomeriumUrl}`;

function DestinationField({ editor }: { readonly editor: Editor }): ReactNode {
  const { draft, change, blur, setAdvancedOpen } = editor;
  /** What a link filled in; the note goes when any of it is changed by hand. */
  const [filled, setFilled] = useState<string | null>(null);
  const now = filledKey(draft);

  /** A link takes the place of everything; one that cannot be used is shown as it is, with the reason. */
  const take = (text: string): void => {
    const link = readLink(text);
    if (link) {
      change(link, "destination", "pomeriumUrl");
      setFilled(filledKey(link));
      if (link.pomeriumUrl !== "") setAdvancedOpen(true);
    } else {
      change({ destination: text.replace(/\s+/g, "").slice(0, connectionLimits.addressLength) }, "destination");
    }
    blur("destination");
  };
  const onPaste = (event: ClipboardEvent): void => {
    const text = event.clipboardData.getData("text");
    if (!isLink(text)) return;
    event.preventDefault();
    take(text);
  };

  return (
    <FormRow
      label="Destination"
      problems={problemsFor(editor, "destination")}
      note={filled === now ? "Filled from the link" : ""}
    >
      {(field) => (
        <div className="editor-join">
          {/* A choice is no typing: what is on screen is judged anew at once. */}
          <Segmented
            label="Protocol"
            value={draft.protocol}
            onChange={(protocol) => change({ protocol })}
            options={[
              { value: "tcp", label: "TCP" },
              { value: "udp", label: "UDP" },
            ]}
          />
          <TextField
            {...field}
            data-field="destination"
            mono
            maxLength={connectionLimits.addressLength}
            placeholder={draft.protocol === "udp" ? "dns.example.com:53" : "pg.example.com:5432"}
            value={draft.destination}
            onChange={(destination) => change({ destination }, "destination")}
            onPaste={onPaste}
            onBlur={() => (isLink(draft.destination) ? take(draft.destination) : blur("destination"))}
          />
        </div>
      )}
    </FormRow>
  );
}
