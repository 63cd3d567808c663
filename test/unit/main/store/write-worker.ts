import path from "node:path";
import type { DocumentFile } from "../../../../src/main/store/document-file.ts";

// Started with a limit on the size of files, which makes the system write short, as a full disk does.
process.on("SIGXFSZ", () => undefined);
const [kind = "", folder = "", characters = ""] = process.argv.slice(2);

async function open(): Promise<DocumentFile> {
  if (kind === "plain") {
    const { PlainDocumentFile } = await import("../../../../src/main/store/plain-document-file.ts");
    return new PlainDocumentFile(path.join(folder, "doc.json"));
  }
  const { ElectronDocumentFile } = await import("../../../../src/main/store/electron-document-file.ts");
  return new ElectronDocumentFile(folder, "doc");
}

const file = await open();
try {
  file.write({ text: "x".repeat(Number(characters)) });
  process.stdout.write("written");
} catch (thrown) {
  process.stdout.write(thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown));
}
