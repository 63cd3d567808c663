import type { ReactNode } from "react";
import { connectionLimits } from "../../shared/model/connection.ts";
import { proxyList } from "../../shared/model/policy.ts";
import { Disclosure } from "../controls/disclosure.tsx";
import { FormRow } from "../controls/form-row.tsx";
import { TextField } from "../controls/text-field.tsx";
import { useSnapshot } from "../store/host.tsx";
import { AuthField } from "./auth-field.tsx";
import { CertificateField } from "./certificate-field.tsx";
import { problemsFor } from "./fields.ts";
import { advancedSummary } from "./form.ts";
import { TrustField } from "./trust-field.tsx";
import type { Editor } from "./use-editor.ts";

/** What most connections leave as it is. */
export function AdvancedFields({ editor }: { readonly editor: Editor }): ReactNode {
  const { draft, change, blur } = editor;
  const noKeychain = useSnapshot(({ notices }) => notices.some(({ kind }) => kind === "no-keychain"));
  const proxies = useSnapshot(({ outside }) => outside.managed.rules.allowedProxies);
  const keptWords = noKeychain ? "until you quit" : "in the system keychain";
  return (
    <Disclosure
      title="Advanced"
      summary={advancedSummary(draft)}
      open={editor.advancedOpen}
      onToggle={editor.setAdvancedOpen}
    >
      <FormRow
        label="Pomerium URL"
        problems={problemsFor(editor, "pomeriumUrl")}
        hint={`Empty connects to the destination’s own host name on port 443.${proxies === null || proxies.length === 0 ? "" : ` Your organisation allows ${proxyList(proxies)}.`}`}
      >
        {(field) => (
          <TextField
            {...field}
            data-field="pomeriumUrl"
            mono
            maxLength={connectionLimits.addressLength}
            placeholder="https://access.example.com"
            value={draft.pomeriumUrl}
            onChange={(pomeriumUrl) => change({ pomeriumUrl }, "pomeriumUrl")}
            onBlur={() => blur("pomeriumUrl")}
          />
        )}
      </FormRow>
      {draft.protocol === "udp" && (
        <FormRow
          label="Forget clients after"
          problems={problemsFor(editor, "idle")}
          hint="Seconds without a datagram. A client that comes back later starts anew."
        >
          {(field) => (
            <TextField
              {...field}
              className="editor-number"
              data-field="idle"
              inputMode="numeric"
              maxLength={9}
              value={draft.idle}
              trailing={<span className="t2">seconds</span>}
              onChange={(idle) => change({ idle }, "idle")}
              onBlur={() => blur("idle")}
            />
          )}
        </FormRow>
      )}
      <TrustField editor={editor} />
      <CertificateField editor={editor} keptWords={keptWords} />
      <AuthField editor={editor} keptWords={keptWords} />
    </Disclosure>
  );
}
