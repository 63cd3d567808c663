/** The largest document that is read or written; far more than 5,000 connections with certificates of a usual size. */
export const maxDocumentBytes = 128 * 1024 * 1024;

/**
 * One JSON document on disk. One process uses it at a time: the app holds its single-instance lock before it opens any.
 * Errors are those of the system, or a SyntaxError for what is no JSON; whoever calls puts them into words.
 */
export interface DocumentFile {
  /** Absolute. */
  readonly path: string;
  /** The document as it stands, unchecked; undefined where there is no file. Clears away what a crash left behind. */
  read(): unknown;
  /** Writes the whole document with mode 0600, or leaves the old one as it was. */
  write(value: unknown): void;
}
