/** The time that SQL Server Agent waits by: the lab may let it run faster than the machine's. */
export interface AgentClock {
  /** Calls back after so many milliseconds of this clock. Answers what takes the call back. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** A clock that runs `factor` times as fast as the machine's. The Agent's timer never keeps the process alive. */
export function agentClock(factor = 1): AgentClock {
  return {
    after(milliseconds, callback) {
      const timer = setTimeout(callback, milliseconds / factor);
      timer.unref();
      return () => {
        clearTimeout(timer);
      };
    },
  };
}

/** Waits on a clock. Rejects with the signal's reason when it is aborted. */
export function waitOn(clock: AgentClock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const aborted = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.after(milliseconds, () => {
      signal.removeEventListener("abort", aborted);
      resolve();
    });
    signal.addEventListener("abort", aborted, { once: true });
  });
}
