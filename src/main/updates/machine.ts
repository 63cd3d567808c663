import type { AppErrorData } from "../../shared/errors.ts";
import type { UpdateStatus } from "../../shared/model/update.ts";

/** What happens to updates. Times in milliseconds since 1970, sizes in bytes. */
export type UpdateEvent =
  | { readonly type: "check-started" }
  | { readonly type: "nothing-newer"; readonly at: number }
  | { readonly type: "check-failed"; readonly error: AppErrorData; readonly checkedAt: number | null }
  | { readonly type: "found"; readonly version: string; readonly size: number }
  | { readonly type: "download-started" }
  | { readonly type: "received"; readonly received: number }
  | { readonly type: "downloaded"; readonly postponed: boolean }
  | { readonly type: "download-failed"; readonly error: AppErrorData }
  | { readonly type: "postponed" }
  | { readonly type: "install-started" }
  | { readonly type: "install-stopped"; readonly error: AppErrorData | null }
  /** Updates were turned off. */
  | { readonly type: "turned-off"; readonly checkedAt: number | null };

/**
 * The next status; the same object where the event changes nothing. A check that fails takes nothing away from an update that is
 * there already, and says nothing of it.
 */
export function nextUpdateStatus(status: UpdateStatus, event: UpdateEvent): UpdateStatus {
  if (status.kind === "none") return status;
  // Nothing but its own end stops an installation.
  if (status.kind === "installing" && event.type !== "install-stopped") return status;
  const { kind } = status;
  switch (event.type) {
    case "check-started":
      return kind === "resting" ? { kind: "checking", checkedAt: status.checkedAt } : status;
    case "nothing-newer":
      // Also takes back what was offered before: a release may be withdrawn.
      return kind === "downloading" ? status : { kind: "resting", checkedAt: event.at, error: null };
    case "check-failed":
      return kind === "checking" ? { kind: "resting", checkedAt: event.checkedAt, error: event.error } : status;
    case "found": {
      const same = (kind === "available" || kind === "ready") && status.version === event.version;
      if (same || kind === "downloading") return status;
      return { kind: "available", version: event.version, size: event.size, error: null };
    }
    case "download-started":
      if (kind !== "available") return status;
      return { kind: "downloading", version: status.version, size: status.size, received: 0 };
    case "received":
      return kind === "downloading" && event.received !== status.received
        ? { ...status, received: Math.min(event.received, status.size) }
        : status;
    case "downloaded":
      if (kind !== "downloading") return status;
      return {
        kind: "ready",
        version: status.version,
        size: status.size,
        postponed: event.postponed,
      };
    case "download-failed":
      if (kind !== "downloading") return status;
      return { kind: "available", version: status.version, size: status.size, error: event.error };
    case "postponed":
      return kind === "ready" && !status.postponed ? { ...status, postponed: true } : status;
    case "install-started":
      if (kind !== "ready") return status;
      return { kind: "installing", version: status.version, size: status.size, postponed: status.postponed };
    case "install-stopped":
      if (kind !== "installing") return status;
      if (event.error === null) return { ...status, kind: "ready" };
      // The file may be at fault: it is to be downloaded, or found good, again.
      return { kind: "available", version: status.version, size: status.size, error: event.error };
    case "turned-off":
      return kind === "resting" && status.error === null
        ? status
        : { kind: "resting", checkedAt: event.checkedAt, error: null };
  }
}
