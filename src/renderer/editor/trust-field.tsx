import { useId, type ReactNode } from "react";
import { connectionLimits } from "../../shared/model/connection.ts";
import { Callout } from "../controls/callout.tsx";
import { FieldNotes, GroupRow } from "../controls/form-row.tsx";
import { ManagedMark } from "../controls/managed-mark.tsx";
import { Segmented } from "../controls/segmented.tsx";
import { TextArea } from "../controls/text-field.tsx";
import { useSnapshot } from "../store/host.tsx";
import { problemsFor } from "./fields.ts";
import { FileField } from "./file-field.tsx";
import { pemParts } from "../../shared/pem.ts";
import type { Editor } from "./use-editor.ts";

/** How the proxy's certificate is judged. */
export function TrustField({ editor }: { readonly editor: Editor }): ReactNode {
  const { draft, change, blur } = editor;
  const { ca } = draft;
  const problems = problemsFor(editor, "ca");
  const mayTrustAnybody = useSnapshot(({ outside }) => outside.managed.rules.allowUnverifiedTls);
  const notes = useId();
  return (
    <GroupRow label="Server trust">
      {(labelId) => (
        <>
          <Segmented
            labelledBy={labelId}
            describedBy={mayTrustAnybody ? undefined : notes}
            data-field={draft.trust === "unverified" ? "ca" : undefined}
            value={draft.trust}
            onChange={(trust) => change({ trust }, "ca")}
            options={[
              { value: "system", label: "System" },
              { value: "ca", label: "Custom CA" },
              { value: "unverified", label: "Do not verify", disabled: !mayTrustAnybody },
            ]}
          />
          {!mayTrustAnybody && (
            <div id={notes}>
              {draft.trust === "unverified" && problems.length > 0 ? (
                <FieldNotes problems={problems} />
              ) : (
                <ManagedMark>Your organisation does not allow “Do not verify”</ManagedMark>
              )}
            </div>
          )}
          {draft.trust === "ca" && (
            <>
              {ca.label === "" && (
                <TextArea
                  className="editor-part"
                  aria-label="CA certificate in PEM form"
                  placeholder="Paste the CA certificate here: -----BEGIN CERTIFICATE-----"
                  maxLength={connectionLimits.pemLength}
                  invalid={problems.some(({ level }) => level === "error")}
                  value={ca.pem}
                  onChange={(pem) => change({ ca: { pem, label: "" } }, "ca")}
                  onBlur={() => {
                    if (ca.pem.trim() !== "") blur("ca");
                  }}
                />
              )}
              <FileField
                what="CA certificate"
                kind="ca"
                field="ca"
                file={ca.label}
                problems={problems}
                onFile={({ name, text }) => {
                  change({ ca: { pem: pemParts(text).certificates || text, label: name } }, "ca");
                  blur("ca");
                }}
                onRemove={() => change({ ca: { pem: "", label: "" } }, "ca")}
              />
            </>
          )}
          {draft.trust === "unverified" && (
            <div className="editor-part">
              <Callout kind="warning">
                Anyone on the network path can read and change this traffic. Use it only for a short test.
              </Callout>
            </div>
          )}
        </>
      )}
    </GroupRow>
  );
}
