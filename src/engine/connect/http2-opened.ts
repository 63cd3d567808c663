import type { ClientHttp2Stream } from "node:http2";
import type { AppError } from "../../shared/errors.ts";
import type { Answer } from "./answers.ts";

/** What came of a CONNECT on a stream of its own. */
export type Http2Opened =
  | {
      readonly kind: "open";
      readonly stream: ClientHttp2Stream;
      /** Ends the stream so that the far side sees a reset. */
      readonly abort: () => void;
      readonly explain: (error: unknown) => AppError;
    }
  | { readonly kind: "answered"; readonly answer: Answer };
