import type { ReactNode } from "react";
import { connectionLimits } from "../../shared/model/connection.ts";
import { CertificateFacts } from "../controls/certificate-facts.tsx";
import { FormRow, GroupRow } from "../controls/form-row.tsx";
import { Segmented } from "../controls/segmented.tsx";
import { useCertificate } from "../store/use-certificate.ts";
import { useStoreLook } from "../store/use-store-look.ts";
import { problemsFor } from "./fields.ts";
import { FileField, type ChosenFile } from "./file-field.tsx";
import { isFollowed, noFiles, noPkcs12, type Draft } from "./form.ts";
import { PasteArea } from "./paste-area.tsx";
import { isEncryptedKey, pemParts } from "../../shared/pem.ts";
import { SecretField } from "./secret-field.tsx";
import { StoreField, StorePasswordRow, wantedOf } from "./store-field.tsx";
import type { Editor } from "./use-editor.ts";

/**
 * What a chosen file fills in. A file that holds both parts fills both, but one that was chosen for its key does not replace
 * a certificate that is there. What is of no use stays in its place, where the rules of the form say what is wrong with it.
 */
export function filledFromFile(
  draft: Draft,
  { name, path, text, base64 = "" }: ChosenFile,
  wanted: "certificate" | "key",
): Partial<Draft> {
  if (base64 !== "")
    return {
      pkcs12: { file: base64, label: name },
      passphrase: { kind: "new", value: "", label: "" },
      files: noFiles,
    };
  const found = pemParts(text);
  const certificate = (pem: string): Partial<Draft> => ({ certificate: { pem, label: name }, pkcs12: noPkcs12 });
  const key = (value: string): Partial<Draft> => ({
    pkcs12: noPkcs12,
    key: { kind: "new", value, label: name },
    passphrase: { kind: "new", value: "", label: "" },
  });
  const both = { certificate: path, key: path };
  const ofKey = { ...draft.files, key: path };
  if (wanted === "key") {
    const alsoCertificate = found.certificates !== "" && draft.certificate.pem === "";
    if (alsoCertificate) return { ...key(found.key || text), ...certificate(found.certificates), files: both };
    return { ...key(found.key || text), files: ofKey };
  }
  if (found.certificates === "" && found.key !== "") return { ...key(found.key), files: ofKey };
  const whole = certificate(found.certificates || text);
  if (found.key === "") return { ...whole, files: { ...draft.files, certificate: path } };
  return { ...whole, ...key(found.key), files: both };
}

/** What stands for a file: its name, or what it is where it was pasted; "" for none. */
const fileWords = (what: string, { value, label }: { readonly value: string; readonly label: string }): string =>
  value === "" ? "" : label || `${what} in PEM form`;

/** What the file that is shown can be asked about; null while there is none. */
function asked({ clientCertificate, certificate, pkcs12, passphrase }: Draft): Parameters<typeof useCertificate>[0] {
  if (clientCertificate !== "pem") return null;
  if (pkcs12.file !== "")
    return {
      kind: "pkcs12",
      file: pkcs12.file,
      passphrase: passphrase.kind === "new" ? passphrase.value : "",
    };
  return certificate.pem === "" ? null : { kind: "pem", certificate: certificate.pem };
}

/** What becomes of a certificate whose issuer renews it. */
function certificateHint(draft: Draft, file: string): string {
  if (file === "") return "PEM or PKCS#12";
  if (isFollowed(draft)) return "When this file is renewed, Culvert uses the new one.";
  // Until the key is there it is not known.
  return draft.pkcs12.file === "" && draft.key.kind === "new" && draft.key.value === ""
    ? ""
    : "Kept as it is now: when it is renewed, replace it here.";
}

type Choice = Draft["clientCertificate"];

const choices: readonly { readonly value: Choice; readonly label: string }[] = [
  { value: "none", label: "None" },
  { value: "search", label: "Certificate store" },
  { value: "pem", label: "File" },
];

/** The certificate that this computer shows to the proxy, and its key. */
export function CertificateField(props: { readonly editor: Editor; readonly keptWords: string }): ReactNode {
  const { editor, keptWords } = props;
  const { draft, change, blur } = editor;
  const looked = useStoreLook(wantedOf(draft));
  const take = (wanted: "certificate" | "key") => (file: ChosenFile) => {
    change(filledFromFile(draft, file, wanted), "certificate", "key", "passphrase");
    blur(wanted);
  };
  const facts = useCertificate(asked(draft));
  const isPkcs12 = draft.pkcs12.file !== "";
  const keyFile = draft.key.kind === "kept" ? `Key saved ${keptWords}` : fileWords("Private key", draft.key);
  const certificateFile = isPkcs12
    ? `${draft.pkcs12.label} (PKCS#12)`
    : fileWords("Certificate", { value: draft.certificate.pem, label: draft.certificate.label });
  const hint = certificateHint(draft, certificateFile);
  const wanted = draft.certificate.pem === "" ? "certificate" : "key";
  const passphraseProblems = problemsFor(editor, "passphrase");
  const wantsPassphrase =
    passphraseProblems.length > 0 || isPkcs12 || (draft.key.kind === "new" && isEncryptedKey(draft.key.value));
  return (
    <>
      <GroupRow label="Client certificate">
        {(labelId) => (
          <>
            <Segmented
              labelledBy={labelId}
              value={draft.clientCertificate}
              onChange={(clientCertificate) =>
                change({ clientCertificate }, "certificate", "key", "passphrase", "issuer", "subject")
              }
              options={choices}
            />
            {draft.clientCertificate === "search" && <StoreField editor={editor} looked={looked} />}
            {draft.clientCertificate === "pem" && (
              <>
                <FileField
                  what="certificate"
                  kind="certificate"
                  field="certificate"
                  file={certificateFile}
                  {...(hint === "" ? {} : { hint })}
                  problems={problemsFor(editor, "certificate")}
                  onFile={take("certificate")}
                  onRemove={() =>
                    change(
                      {
                        certificate: { pem: "", label: "" },
                        pkcs12: noPkcs12,
                        files: { ...draft.files, certificate: "" },
                      },
                      "certificate",
                      "passphrase",
                    )
                  }
                />
                {facts && <CertificateFacts facts={facts} />}
                {!isPkcs12 && (
                  <FileField
                    what="private key"
                    kind="key"
                    field="key"
                    file={keyFile}
                    problems={problemsFor(editor, "key")}
                    onFile={take("key")}
                  />
                )}
                {!isPkcs12 && (certificateFile === "" || keyFile === "") && (
                  <PasteArea
                    label="Certificate and key in PEM form"
                    placeholder="Or paste the certificate and its key here: -----BEGIN CERTIFICATE-----"
                    maxLength={connectionLimits.pemLength}
                    onPem={(text) => take(wanted)({ name: "", path: "", text })}
                  />
                )}
              </>
            )}
          </>
        )}
      </GroupRow>
      {draft.clientCertificate === "search" && <StorePasswordRow looked={looked} />}
      {draft.clientCertificate === "pem" && wantsPassphrase && (
        <FormRow
          label="Passphrase"
          problems={passphraseProblems}
          hint={isPkcs12 ? "The passphrase of the PKCS#12 file. It is not kept." : "This private key is encrypted."}
        >
          {(field) => (
            <SecretField
              {...field}
              key={isPkcs12 ? certificateFile : keyFile}
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
