import { useId, type ReactNode } from "react";
import { connectionLimits } from "../../shared/model/connection.ts";
import { Button } from "../controls/button.tsx";
import { FieldNotes, GroupRow } from "../controls/form-row.tsx";
import { Icon } from "../controls/icon.tsx";
import { ManagedMark } from "../controls/managed-mark.tsx";
import { Segmented } from "../controls/segmented.tsx";
import { useSnapshot } from "../store/host.tsx";
import { problemsFor } from "./fields.ts";
import { FileField } from "./file-field.tsx";
import { SecretField } from "./secret-field.tsx";
import type { Editor } from "./use-editor.ts";

/** Who signs in: a person, or a service account. */
export function AuthField(props: { readonly editor: Editor; readonly keptWords: string }): ReactNode {
  const { editor, keptWords } = props;
  const { draft, change, blur } = editor;
  const mayUseTokens = useSnapshot(({ outside }) => outside.managed.rules.allowServiceAccountTokens);
  const mark = useId();
  return (
    <GroupRow label="Sign in with">
      {(labelId) => (
        <>
          <Segmented
            labelledBy={labelId}
            describedBy={mayUseTokens ? undefined : mark}
            value={draft.auth}
            onChange={(auth) => change({ auth }, "token", "tokenFile")}
            options={[
              { value: "browser", label: "Browser" },
              { value: "token", label: "Service account token", disabled: !mayUseTokens },
              { value: "token-file", label: "Token file", disabled: !mayUseTokens },
            ]}
          />
          {!mayUseTokens && (
            <ManagedMark id={mark}>Your organisation does not allow service account tokens</ManagedMark>
          )}
          {draft.auth === "token" && <TokenField editor={editor} keptWords={keptWords} />}
          {draft.auth === "token-file" && (
            <FileField
              what="token file"
              kind="token"
              field="tokenFile"
              noDrop
              file={draft.tokenPath}
              problems={problemsFor(editor, "tokenFile")}
              hint="Culvert reads the file again at every connect. The browser never opens."
              onFile={({ path }) => {
                change({ tokenPath: path }, "tokenFile");
                blur("tokenFile");
              }}
            />
          )}
        </>
      )}
    </GroupRow>
  );
}

function TokenField({ editor, keptWords }: { readonly editor: Editor; readonly keptWords: string }): ReactNode {
  const { draft, change, blur } = editor;
  const id = useId();
  const notes = `${id}-notes`;
  const problems = problemsFor(editor, "token");
  return (
    <div className="editor-part">
      {draft.token.kind === "kept" ? (
        <div className="file-card">
          <Icon name="key" />
          <span className="file-card-name">Token saved {keptWords}</span>
          <Button
            variant="quiet"
            size="small"
            data-field="token"
            aria-label="Replace token…"
            aria-describedby={notes}
            onClick={() => change({ token: { kind: "new", value: "", label: "" } }, "token")}
          >
            Replace…
          </Button>
        </div>
      ) : (
        <>
          <label htmlFor={id} className="unseen">
            Service account token
          </label>
          <SecretField
            id={id}
            aria-describedby={notes}
            field="token"
            maxLength={connectionLimits.tokenLength}
            invalid={problems.some(({ level }) => level === "error")}
            initial={draft.token.value}
            onChange={(value) => change({ token: { kind: "new", value, label: "" } }, "token")}
            onBlur={() => blur("token")}
          />
        </>
      )}
      <div id={notes}>
        <FieldNotes problems={problems} hint="The browser never opens for this connection." />
      </div>
    </div>
  );
}
