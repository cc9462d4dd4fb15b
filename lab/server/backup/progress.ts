/** How far a BACKUP or RESTORE has come: sys.dm_exec_requests and STATS. */
import { backupMessages } from "./errors";
import type { Requester, RequestProgress } from "./request";

export class Progress implements RequestProgress {
  readonly startTime = Date.now();
  percentComplete = 0;
  #told = 0;

  constructor(
    readonly sessionId: number,
    readonly command: string,
    readonly databaseId: number,
  ) {}

  get estimatedCompletionMs(): number {
    const spent = Date.now() - this.startTime;
    return this.percentComplete > 0 ? Math.round((spent * (100 - this.percentComplete)) / this.percentComplete) : 0;
  }

  /** @param stats STATS = n: a message 3211 each time a multiple of it is passed; absent: none */
  moved(done: number, total: number, stats: number | undefined, requester: Requester): void {
    this.percentComplete = total === 0 ? 100 : Math.min(100, (done * 100) / total);
    if (stats === undefined || stats <= 0) return;
    while (this.#told + stats <= this.percentComplete) {
      this.#told += stats;
      requester.message(backupMessages.percent(this.#told));
    }
  }
}
