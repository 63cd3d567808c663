import { useEffect, useState, type ReactNode } from "react";
import type { ConnectionField } from "../../shared/model/connection.ts";
import { nameOf } from "../../shared/words/connection.ts";
import { count } from "../../shared/words/format.ts";
import { Button } from "../controls/button.tsx";
import { classNames } from "../controls/class-names.ts";
import { ConfirmDialog } from "../controls/dialog.tsx";
import { Icon } from "../controls/icon.tsx";
import { leaveTo } from "../keyboard/leave.ts";
import { useShortcuts } from "../keyboard/use-shortcuts.ts";
import { PageBar } from "../shell/bar.tsx";
import { useHost, useSnapshot } from "../store/host.tsx";
import { connectionOf } from "../store/select.ts";
import type { Page } from "../store/view.ts";
import { AdvancedFields } from "./advanced-fields.tsx";
import { Aside } from "./aside.tsx";
import { BasicFields } from "./basic-fields.tsx";
import { advancedSummary, startOf } from "./form.ts";
import { attentionWords } from "./problems.ts";
import { useEditor, type Editor } from "./use-editor.ts";
import "./editor.css";

const focusField = (field: ConnectionField): void =>
  document.querySelector<HTMLElement>(`[data-field="${field}"]`)?.focus();

/** Where the cursor starts: at what is asked for, where something is. */
function firstFieldOf({ draft }: EditorPlace): ConnectionField {
  if (draft?.trust?.kind === "ca") return "ca";
  if (draft?.clientCertificate?.kind === "pem") return "certificate";
  if (draft?.clientCertificate?.kind === "search") return "issuer";
  return draft?.listen === undefined ? "name" : "listen";
}

export type EditorPlace = Extract<Page, { readonly name: "editor" }>;

/** The page for a new connection, a copy, or changes to one. Another place starts another form. */
export const EditorPage = ({ page }: { readonly page: EditorPlace }): ReactNode => (
  <EditorForm key={`${page.id ?? "new"} ${page.duplicateOf ?? ""}`} page={page} />
);

function EditorForm({ page }: { readonly page: EditorPlace }): ReactNode {
  const { mirror } = useHost();
  // What is changed elsewhere meanwhile does not take the form from under the user.
  const [{ start, saved }] = useState(() => {
    const { snapshot } = mirror.store.getState();
    const existing = connectionOf(snapshot, page.id);
    const copyOf = connectionOf(snapshot, page.duplicateOf ?? null);
    return {
      start: startOf(existing, copyOf, page.id ?? crypto.randomUUID(), page.draft),
      saved: existing,
    };
  });
  const others = useSnapshot(({ connections }) => connections);
  const editor = useEditor(start, others, advancedSummary(start.draft) !== "");
  const { save, focus } = editor;
  const firstFocus = firstFieldOf(page);

  useEffect(() => {
    focusField(firstFocus);
  }, [firstFocus]);
  useEffect(() => {
    if (focus) focusField(focus.field);
  }, [focus]);
  useShortcuts("page", [
    { keys: "Mod+S", run: () => save(false) },
    { keys: "Mod+Enter", run: () => save(true) },
    { keys: "Escape", inFields: true, run: () => leaveTo({ name: "connections" }) },
  ]);

  return (
    <div className="editor">
      <PageBar title={saved ? `Edit ${nameOf(saved)}` : "New connection"} />
      <div className="editor-page">
        <main className="editor-form" data-pane="form">
          <BasicFields editor={editor} />
          <AdvancedFields editor={editor} />
        </main>
        <Aside editor={editor} />
      </div>
      <Footer editor={editor} />
      <Questions editor={editor} />
    </div>
  );
}

function Footer({ editor }: { readonly editor: Editor }): ReactNode {
  const { errorFields, failure, save, saving } = editor;
  const said = failure
    ? [failure.message, failure.userAction ?? ""].filter((part) => part !== "").join(" ")
    : attentionWords(errorFields.length);
  return (
    <section className="editor-footer" aria-label="Save" data-pane="footer">
      <p className={classNames("editor-said", said === "" && "editor-said-empty")} role="status">
        {said !== "" && <Icon name="error" />}
        <span>{said}</span>
      </p>
      <Button size="large" onClick={() => leaveTo({ name: "connections" })}>
        Cancel
      </Button>
      <Button size="large" keys="Mod+S" aria-busy={saving} onClick={() => save(false)}>
        Save
      </Button>
      <Button size="large" variant="primary" keys="Mod+Enter" aria-busy={saving} onClick={() => save(true)}>
        Save and turn on
      </Button>
    </section>
  );
}

function Questions({ editor }: { readonly editor: Editor }): ReactNode {
  const { question, endQuestion, save } = editor;
  if (question === null) return null;
  const common = { cancel: "Keep editing", onCancel: endQuestion };
  if (question.kind === "leave")
    return (
      <ConfirmDialog
        {...common}
        title="Leave without saving?"
        action="Leave"
        onConfirm={() => {
          endQuestion();
          question.go();
        }}
      />
    );
  return (
    <ConfirmDialog
      {...common}
      title="Saving restarts this connection"
      text={`${count(question.clients, "client")} will be cut off.`}
      action="Save and restart"
      onConfirm={() => {
        endQuestion();
        save(question.turnOn, true);
      }}
    />
  );
}
