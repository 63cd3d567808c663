import { useId, useState, type DragEvent, type ReactNode } from "react";
import { asAppError } from "../../shared/errors.ts";
import type { Bridge, CallArgs, FileContent } from "../../shared/ipc/contract.ts";
import { connectionLimits, type ConnectionField, type FieldProblem } from "../../shared/model/connection.ts";
import { Button, IconButton } from "../controls/button.tsx";
import { classNames } from "../controls/class-names.ts";
import { FieldNotes } from "../controls/form-row.tsx";
import { Icon } from "../controls/icon.tsx";
import { useBridge } from "../store/host.tsx";
import "./file-field.css";

/** What was chosen or dropped. */
export interface ChosenFile extends FileContent {
  readonly name: string;
  /** "" for one that was dropped, of which a page does not hear where it is. */
  readonly path: string;
}

/** DER and PKCS#12 begin so, and PEM does not. */
const sequence = 0x30;

/** Octets that fit in base64. */
const mostBinary = connectionLimits.pemLength * 0.75;

async function contentOf(bridge: Bridge, kind: CallArgs<"pick-file">[0], file: File): Promise<FileContent> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isText = kind === "token" || bytes[0] !== sequence || bytes.length > mostBinary;
  if (isText) return { text: new TextDecoder().decode(bytes) };
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return bridge.call("read-dropped", kind, base64);
}

/** As much of a file's name as is kept of it. */
function shortened(name: string): string {
  const most = connectionLimits.nameLength;
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}

export interface FileFieldProps {
  /** What the file is, for the names of the buttons: "private key". */
  readonly what: string;
  readonly kind: CallArgs<"pick-file">[0];
  readonly field: ConnectionField;
  /** What is there: the file's name, or a sentence about what is saved; "" for nothing. */
  readonly file: string;
  readonly hint?: string;
  readonly problems: readonly FieldProblem[];
  readonly onFile: (file: ChosenFile) => void;
  /** Left out where it cannot be taken away. */
  readonly onRemove?: () => void;
  /** Set where only the path matters, which a dropped file does not tell. */
  readonly noDrop?: boolean;
}

/** A file of the form: chosen in the dialog of the system, or dropped here. */
export function FileField(props: FileFieldProps): ReactNode {
  const { what, kind, field, file, hint, problems, onRemove, noDrop = false } = props;
  const onFile = (chosen: ChosenFile): void => props.onFile({ ...chosen, name: shortened(chosen.name) });
  const bridge = useBridge();
  const [failure, setFailure] = useState("");
  const [over, setOver] = useState(false);
  const notes = useId();

  const pick = (): void => {
    setFailure("");
    bridge.call("pick-file", kind).then(
      (picked) => {
        if (picked) onFile(picked);
      },
      (thrown: unknown) => {
        setFailure(asAppError(thrown).message);
      },
    );
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    const [dropped] = event.dataTransfer.files;
    if (!dropped) return;
    if (dropped.size > (kind === "ca" ? connectionLimits.pemLength : mostBinary)) {
      setFailure(`${dropped.name} is too large for a ${what}`);
      return;
    }
    setFailure("");
    contentOf(bridge, kind, dropped).then(
      (content) => {
        onFile({ name: dropped.name, path: "", ...content });
      },
      () => {
        setFailure(`${dropped.name} cannot be read`);
      },
    );
  };
  const target = noDrop
    ? {}
    : {
        onDragOver: (event: DragEvent) => {
          event.preventDefault();
          setOver(true);
        },
        onDragLeave: () => {
          setOver(false);
        },
        onDrop: drop,
      };
  const shown: readonly { level: "error" | "warning"; message: string }[] =
    failure === "" ? problems : [{ level: "error", message: failure }];

  return (
    <div className="file-field">
      <div className={classNames("file-card", over && "file-card-over", file === "" && "file-card-empty")} {...target}>
        {file !== "" && (
          <>
            <Icon name="file" />
            <span className="file-card-name">{file}</span>
          </>
        )}
        <Button
          variant={file === "" ? "plain" : "quiet"}
          size="small"
          data-field={field}
          aria-label={file === "" ? undefined : `Replace ${what}…`}
          aria-describedby={notes}
          onClick={pick}
        >
          {file === "" ? `Choose ${what}…` : "Replace…"}
        </Button>
        {file === "" && !noDrop && <span className="file-card-or">or drop the file here</span>}
        {file !== "" && onRemove && (
          <IconButton icon="close" size="small" label={`Remove ${what}`} onClick={onRemove} />
        )}
      </div>
      <div id={notes}>
        <FieldNotes problems={shown} hint={hint} />
      </div>
    </div>
  );
}
