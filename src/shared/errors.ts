/** What kind of thing went wrong. Stable: programs and the interface choose words and actions by it. */
export const errorCodes = [
  // what the user wrote
  "address-invalid",
  "setting-invalid",
  "file-unreadable",
  "client-certificate-invalid",
  "not-available-yet",
  // what the organisation has set
  "managed",
  // this computer
  "port-in-use",
  "port-needs-rights",
  "address-not-here",
  "listen-failed",
  "storage-failed",
  // the way to the proxy
  "host-not-found",
  "no-answer",
  "refused",
  "network-unreachable",
  "connection-lost",
  "too-many-connections",
  // TLS
  "certificate-not-trusted",
  "certificate-expired",
  "certificate-not-yet-valid",
  "certificate-wrong-name",
  "certificate-revoked",
  "client-certificate-needed",
  "no-certificate-matches",
  "client-certificate-refused",
  "tls-failed",
  // what the proxy answered
  "sign-in-needed",
  "access-denied",
  "no-such-route",
  "wrong-proxy",
  "device-not-enrolled",
  "upstream-unavailable",
  "rate-limited",
  "proxy-error",
  "unexpected-answer",
  "udp-not-offered",
  "not-pomerium",
  // signing in
  "sign-in-failed",
  "sign-in-timeout",
  "sign-in-refused",
  "service-account-refused",
  // between the window and the main process
  "request-refused",
  "not-found",
  // newer versions of the app itself
  "update-failed",
  "update-refused",
  // neither the user's nor the network's doing
  "cancelled",
  "closed",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface AppErrorDetails {
  /** True when the same attempt may work later with nothing changed by the user. */
  readonly retryable?: boolean;
  /** The next step for the person, one sentence. */
  readonly userAction?: string;
  /** The proxy's own id of the failed request (`x-request-id`), for its administrator. */
  readonly requestId?: string;
  /** HTTP status that the proxy answered with. */
  readonly status?: number;
  readonly cause?: unknown;
}

/** What of an AppError crosses a process boundary: plain data, no cause, no stack. */
export interface AppErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
  readonly userAction?: string;
  readonly requestId?: string;
  readonly status?: number;
}

/** Every failure a user can meet: a code for programs, a sentence for people and the next step. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly userAction: string | undefined;
  readonly requestId: string | undefined;
  readonly status: number | undefined;

  constructor(code: ErrorCode, message: string, details: AppErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.userAction = details.userAction;
    this.requestId = details.requestId;
    this.status = details.status;
  }

  toData(): AppErrorData {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.userAction === undefined ? {} : { userAction: this.userAction }),
      ...(this.requestId === undefined ? {} : { requestId: this.requestId }),
      ...(this.status === undefined ? {} : { status: this.status }),
    };
  }
}

/** Wraps whatever was thrown: an AppError stays itself, anything else becomes `internal` with its text. */
export function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError("internal", `Something went wrong inside Culvert: ${text}`, { cause: thrown });
}
