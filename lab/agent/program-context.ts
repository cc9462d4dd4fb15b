import type { Instance } from "../server/instance";
import type { WindowsFiles } from "../windows/files";
import type { AgentClock } from "./agent-clock";

/** What a program that SQL Server Agent starts finds around it. */
export interface ProgramContext {
  /** The instance on the same host. */
  readonly instance: Instance;
  readonly files: WindowsFiles;
  /** Windows host as `files` names it. */
  readonly host: string;
  /** Windows account that the program runs as. */
  readonly account: string;
  readonly clock: AgentClock;
  /** The job was stopped or the service ends. */
  readonly signal: AbortSignal;
}
