import type { ReactNode } from "react";
import { connectionLimits } from "../../shared/model/connection.ts";
import { Callout } from "../controls/callout.tsx";
import { GroupRow } from "../controls/form-row.tsx";
import { Segmented } from "../controls/segmented.tsx";
import { TextArea } from "../controls/text-field.tsx";
import { problemsFor } from "./fields.ts";
import { FileField } from "./file-field.tsx";
import { pemParts } from "./pem.ts";
import type { Editor } from "./use-editor.ts";

/** How the proxy's certificate is judged. */
export function TrustField({ editor }: { readonly editor: Editor }): ReactNode {
  const { draft, change, blur } = editor;
  const { ca } = draft;
  const problems = problemsFor(editor, "ca");
  return (
    <GroupRow label="Server trust">
      {(labelId) => (
        <>
          <Segmented
            labelledBy={labelId}
            value={draft.trust}
            onChange={(trust) => change({ trust }, "ca")}
            options={[
              { value: "system", label: "System" },
              { value: "ca", label: "Custom CA" },
              { value: "unverified", label: "Do not verify" },
            ]}
          />
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
