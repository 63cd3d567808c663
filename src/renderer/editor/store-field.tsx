import { useRef, useState, type ReactNode } from "react";
import { asAppError } from "../../shared/errors.ts";
import { passwordWords, storeWords } from "../../shared/words/certificate-store.ts";
import { Button } from "../controls/button.tsx";
import { FieldNotes, FormRow } from "../controls/form-row.tsx";
import { useBridge } from "../store/host.tsx";
import type { StoreLooked } from "../store/use-store-look.ts";
import { problemsFor } from "./fields.ts";
import { FilterField } from "./filter-field.tsx";
import { filterText } from "./filter.ts";
import type { Draft } from "./form.ts";
import { SecretField } from "./secret-field.tsx";
import type { Editor } from "./use-editor.ts";
import "./store-field.css";

/** What to look for in the store; null while a filter is not written yet, and where nothing is searched for. */
export function wantedOf({
  clientCertificate,
  issuer,
  subject,
}: Draft): { readonly issuer: string; readonly subject: string } | null {
  if (clientCertificate !== "search") return null;
  const unwritten = [issuer, subject].some(({ attribute, value }) => attribute !== "" && value === "");
  return unwritten ? null : { issuer: filterText(issuer), subject: filterText(subject) };
}

/** Which certificate of this computer's store to show, and what is there to choose from. */
export function StoreField({ editor, looked }: { readonly editor: Editor; readonly looked: StoreLooked }): ReactNode {
  const filters = wantedOf(editor.draft);
  const filtered = filters !== null && (filters.issuer !== "" || filters.subject !== "");
  const badFilter = problemsFor(editor, "issuer").length > 0 || problemsFor(editor, "subject").length > 0;
  return (
    <>
      <FilterField editor={editor} field="issuer" label="Issuer" />
      <FilterField editor={editor} field="subject" label="Subject" />
      <div role="status">
        {filters === null || badFilter ? (
          <FieldNotes hint="A value has to match exactly." />
        ) : (
          <LookNotes looked={looked} filtered={filtered} />
        )}
      </div>
    </>
  );
}

function LookNotes({ looked, filtered }: { readonly looked: StoreLooked; readonly filtered: boolean }): ReactNode {
  const { look, failure, isCurrent } = looked;
  // A count for the filters of a moment ago would be a wrong one.
  if (!isCurrent) return <FieldNotes hint="Looking into the certificate store…" />;
  if (failure !== null) {
    const message = [failure.message, failure.userAction ?? ""].join(" ").trim();
    return <FieldNotes problems={[{ level: "error", message }]} />;
  }
  if (look === null) return null;
  const { level, text } = storeWords(look, filtered);
  return level === "hint" ? <FieldNotes hint={text} /> : <FieldNotes problems={[{ level, message: text }]} />;
}

/** Asks for the password of the store, where it has one that is not known. One for all connections, so it is not part of the form. */
export function StorePasswordRow({ looked }: { readonly looked: StoreLooked }): ReactNode {
  const bridge = useBridge();
  const password = useRef("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const { look, again } = looked;
  const words = look && passwordWords(look);
  if (look === null || words === null) return null;
  const enter = (): void => {
    if (busy || password.current === "") return;
    setBusy(true);
    bridge
      .call("enter-store-password", password.current)
      .then(
        (lock) => setFailure(passwordWords({ ...look, lock })),
        (thrown: unknown) => setFailure(asAppError(thrown).message),
      )
      .finally(() => {
        setBusy(false);
        again();
      })
      // Both outcomes are dealt with above.
      .catch(() => undefined);
  };
  const wrong = failure ?? (look.lock === "password-wrong" ? words : null);
  return (
    <FormRow
      label="Password of the store"
      hint={words}
      problems={wrong === null ? [] : [{ level: "error", message: wrong }]}
    >
      {(field) => (
        <form
          className="store-password"
          onSubmit={(event) => {
            event.preventDefault();
            enter();
          }}
        >
          <SecretField
            {...field}
            field="store-password"
            maxLength={1_024}
            initial=""
            onChange={(value) => {
              password.current = value;
              setFailure(null);
            }}
            onBlur={() => undefined}
          />
          <Button submit size="large" disabled={busy}>
            Unlock
          </Button>
        </form>
      )}
    </FormRow>
  );
}
