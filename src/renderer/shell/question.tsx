import { useState, type ReactNode } from "react";
import { Button } from "../controls/button.tsx";
import { ConfirmDialog, Dialog } from "../controls/dialog.tsx";
import { TextField } from "../controls/text-field.tsx";
import { endQuestion, useView, type Question } from "../store/view.ts";

function TextQuestion(props: {
  readonly question: Question;
  readonly label: string;
  readonly value: string;
}): ReactNode {
  const { question, label } = props;
  const [text, setText] = useState(props.value);
  const answer = (): void => {
    endQuestion();
    question.run(text);
  };
  return (
    <Dialog
      title={question.title}
      onClose={endQuestion}
      className="dialog-confirm"
      footer={
        <>
          <Button size="large" onClick={endQuestion}>
            {question.cancel ?? "Cancel"}
          </Button>
          <Button size="large" variant="primary" onClick={answer}>
            {question.action}
          </Button>
        </>
      }
    >
      <TextField
        aria-label={label}
        maxLength={64}
        data-autofocus=""
        value={text}
        onChange={setText}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.nativeEvent.isComposing) return;
          event.preventDefault();
          answer();
        }}
      />
    </Dialog>
  );
}

/** The question that waits for an answer, if there is one. */
export function QuestionHost(): ReactNode {
  const question = useView((view) => view.question);
  if (question === null) return null;
  const { title, text, action, cancel, danger, field } = question;
  if (field !== undefined) return <TextQuestion key={title} question={question} {...field} />;
  return (
    <ConfirmDialog
      title={title}
      {...(text === undefined || text === "" ? {} : { text })}
      action={action}
      {...(cancel === undefined ? {} : { cancel })}
      danger={danger ?? false}
      onConfirm={() => {
        endQuestion();
        question.run("");
      }}
      onCancel={endQuestion}
    />
  );
}
