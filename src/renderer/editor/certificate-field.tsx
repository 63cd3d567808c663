import type { ReactNode } from "react";
import { FormRow, GroupRow } from "../controls/form-row.tsx";
import { Segmented } from "../controls/segmented.tsx";
import { problemsFor } from "./fields.ts";
import { FileField, type ChosenFile } from "./file-field.tsx";
import type { Draft } from "./form.ts";
import { isEncryptedKey, pemParts } from "./pem.ts";
import { SecretField } from "./secret-field.tsx";
import type { Editor } from "./use-editor.ts";

/**
 * What a chosen file fills in. A file that holds both parts fills both, but one that was chosen for its key does not replace
 * a certificate that is there. What is of no use stays in its place, where the rules of the form say what is wrong with it.
 */
export function filledFromFile(
  draft: Draft,
  { name, text }: ChosenFile,
  wanted: "certificate" | "key",
): Partial<Draft> {
  const found = pemParts(text);
  const certificate = (pem: string): Partial<Draft> => ({ certificate: { pem, label: name } });
  const key = (value: string): Partial<Draft> => ({
    key: { kind: "new", value, label: name },
    passphrase: { kind: "new", value: "", label: "" },
  });
  if (wanted === "key") {
    const alsoCertificate = found.certificates !== "" && draft.certificate.pem === "";
    return { ...key(found.key || text), ...(alsoCertificate ? certificate(found.certificates) : {}) };
  }
  if (found.certificates === "" && found.key !== "") return key(found.key);
  return { ...certificate(found.certificates || text), ...(found.key === "" ? {} : key(found.key)) };
}

/** The certificate that this computer shows to the proxy, and its key. */
export function CertificateField(props: { readonly editor: Editor; readonly keptWords: string }): ReactNode {
  const { editor, keptWords } = props;
  const { draft, change, blur } = editor;
  const take = (wanted: "certificate" | "key") => (file: ChosenFile) => {
    change(filledFromFile(draft, file, wanted), "certificate", "key", "passphrase");
    blur(wanted);
  };
  const keyFile = draft.key.kind === "kept" ? `Key saved ${keptWords}` : draft.key.label;
  const passphraseProblems = problemsFor(editor, "passphrase");
  const wantsPassphrase =
    passphraseProblems.length > 0 || (draft.key.kind === "new" && isEncryptedKey(draft.key.value));
  return (
    <>
      <GroupRow label="Client certificate">
        {(labelId) => (
          <>
            <Segmented
              labelledBy={labelId}
              value={draft.clientCertificate}
              onChange={(clientCertificate) => change({ clientCertificate }, "certificate", "key", "passphrase")}
              options={[
                { value: "none", label: "None" },
                { value: "pem", label: "File" },
              ]}
            />
            {draft.clientCertificate === "pem" && (
              <>
                <FileField
                  what="certificate"
                  kind="certificate"
                  field="certificate"
                  file={draft.certificate.pem === "" ? "" : draft.certificate.label || "Certificate in PEM form"}
                  problems={problemsFor(editor, "certificate")}
                  onFile={take("certificate")}
                  onRemove={() => change({ certificate: { pem: "", label: "" } }, "certificate")}
                />
                <FileField
                  what="private key"
                  kind="key"
                  field="key"
                  file={keyFile}
                  problems={problemsFor(editor, "key")}
                  onFile={take("key")}
                />
              </>
            )}
          </>
        )}
      </GroupRow>
      {draft.clientCertificate === "pem" && wantsPassphrase && (
        <FormRow label="Passphrase" problems={passphraseProblems} hint="This private key is encrypted.">
          {(field) => (
            <SecretField
              {...field}
              key={keyFile}
              field="passphrase"
              maxLength={1_024}
              initial={draft.passphrase.kind === "new" ? draft.passphrase.value : ""}
              onChange={(value) => change({ passphrase: { kind: "new", value, label: "" } }, "passphrase")}
              onBlur={() => blur("passphrase")}
            />
          )}
        </FormRow>
      )}
    </>
  );
}
