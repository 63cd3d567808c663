import { AppError, type ErrorCode } from "../../shared/errors.ts";

/** A mistake on the command line: one sentence, and where to read how it is done. */
export function usageError(message: string, command: string | null): AppError {
  const help = command === null ? "culvert help" : `culvert help ${command}`;
  return new AppError("setting-invalid", message, { userAction: `Run "${help}" to see how.` });
}

const usageCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "address-invalid",
  "setting-invalid",
  "file-unreadable",
  "client-certificate-invalid",
  "not-available-yet",
]);

/** 2 when the person has to write the command differently, 1 for everything else. */
export const exitCodeOf = (error: AppError): 1 | 2 => (usageCodes.has(error.code) ? 2 : 1);

/** Adds the flag's name and the help hint to an error about what the flag was given. */
export function naming(what: string, command: string, error: AppError): AppError {
  if (!usageCodes.has(error.code)) return error;
  return new AppError(error.code, `${what}: ${error.message}`, {
    cause: error,
    userAction: error.userAction ?? `Run "culvert help ${command}" to see how.`,
  });
}
