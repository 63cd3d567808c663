/** Something that ends before the program does. */
export interface Closer {
  /** For the log, where it is too slow or fails. */
  readonly name: string;
  close(): Promise<void> | void;
}

export interface ShutdownReport {
  /** Names of closers that were still at it when the time was up. */
  readonly late: readonly string[];
  /** What failed, by name. */
  readonly failed: readonly { readonly name: string; readonly error: unknown }[];
}

/**
 * Closes in steps: each step begins when the one before is done, and within a step all close at the same time. A closer that fails
 * or is late holds up nobody. Never rejects.
 * @param deadlineMs for all steps together; what has not begun by then is begun all the same, and not waited for.
 */
export async function shutDown(steps: readonly (readonly Closer[])[], deadlineMs: number): Promise<ShutdownReport> {
  const failed: { name: string; error: unknown }[] = [];
  const open = new Set(steps.flat());
  const end = async (closer: Closer): Promise<void> => {
    try {
      await closer.close();
    } catch (error) {
      failed.push({ name: closer.name, error });
    }
    open.delete(closer);
  };
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs)));
  for (const step of steps) await Promise.race([deadline, Promise.all(step.map(end))]);
  clearTimeout(timer);
  return { late: [...open].map(({ name }) => name), failed };
}
