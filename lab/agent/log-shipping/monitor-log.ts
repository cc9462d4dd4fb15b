/**
 * What a run of sqllogship tells: lines on its output, rows in log_shipping_monitor_history_detail and …_error_detail.
 * Source: sql-docs relational-databases/system-tables/log-shipping-monitor-{history,error}-detail-transact-sql.md.
 */
import type { Instance } from "../../server/instance";
import type { NamedRow, TableWriter } from "../../server/msdb/system-tables";
import { datetime } from "../calendar-numbers";
import { numberOf } from "../row-values";

/** agent_type. */
export const AGENT_TYPE = { backup: 0, copy: 1, restore: 2 } as const;

export type AgentType = (typeof AGENT_TYPE)[keyof typeof AGENT_TYPE];

/** session_status. */
const STATUS = { starting: 0, running: 1, success: 2, error: 3, warning: 4 } as const;

const HISTORY = "log_shipping_monitor_history_detail";
const ERRORS = "log_shipping_monitor_error_detail";
const MESSAGE_LENGTH = 4000;

/** Source of the program's own errors; those of the server have the client's library. */
export const SOURCE = "Microsoft.SqlServer.Management.LogShipping";
export const SERVER_SOURCE = ".Net SqlClient Data Provider";

/** One run of sqllogship. Rows are written as it goes, so that whoever looks sees how far it is. */
export class MonitorLog {
  readonly #lines: string[] = [];
  #sessionId = 0;
  #errors = 0;
  #warned = false;

  constructor(
    private readonly instance: Instance,
    private readonly agentId: string,
    private readonly agentType: AgentType,
    private readonly databaseName: string | null,
  ) {}

  /** What the program has written so far. */
  get output(): string {
    return this.#lines.map((line) => `${line}\r\n`).join("");
  }

  get hasErrors(): boolean {
    return this.#errors > 0;
  }

  /** Begins the session: its number is the next one of this agent. */
  async begin(message: string): Promise<void> {
    this.#line(message);
    await this.instance.msdb.change((writer) => {
      const mine = (row: NamedRow): boolean => row["agent_id"] === this.agentId && row["agent_type"] === this.agentType;
      const before = [...writer.rows(HISTORY, mine), ...writer.rows(ERRORS, mine)];
      this.#sessionId = Math.max(0, ...before.map((row) => numberOf(row, "session_id"))) + 1;
      this.#insert(writer, STATUS.starting, message);
    });
  }

  async progress(message: string): Promise<void> {
    this.#line(message);
    await this.instance.msdb.change((writer) => {
      this.#insert(writer, STATUS.running, message);
    });
  }

  /** Something that does not end the run with a failure, such as an old file that cannot be deleted. */
  async warn(message: string, source: string = SOURCE): Promise<void> {
    this.#warned = true;
    await this.#problem(message, source);
  }

  async error(message: string, source: string = SOURCE): Promise<void> {
    this.#errors += 1;
    await this.#problem(message, source);
  }

  /** Ends the session; answers the exit code. */
  async end(message: string): Promise<number> {
    const status = this.hasErrors ? STATUS.error : this.#warned ? STATUS.warning : STATUS.success;
    this.#line(`----- END OF ${message} -----`);
    await this.instance.msdb.change((writer) => {
      this.#insert(writer, status, `----- END OF ${message} -----`);
    });
    return this.hasErrors ? 1 : 0;
  }

  async #problem(message: string, source: string): Promise<void> {
    this.#line(`*** Error: ${message}(${source}) ***`);
    await this.instance.msdb.change((writer) => {
      const mine = (row: NamedRow): boolean =>
        row["agent_id"] === this.agentId &&
        row["agent_type"] === this.agentType &&
        row["session_id"] === this.#sessionId;
      writer.insert(ERRORS, {
        ...this.#common(),
        sequence_number: writer.rows(ERRORS, mine).length + 1,
        message: message.slice(0, MESSAGE_LENGTH),
        source,
        help_url: "",
      });
    });
  }

  #insert(writer: TableWriter, status: number, message: string): void {
    writer.insert(HISTORY, {
      ...this.#common(),
      session_status: status,
      message: message.slice(0, MESSAGE_LENGTH),
    });
  }

  #common(): NamedRow {
    return {
      agent_id: this.agentId,
      agent_type: this.agentType,
      session_id: this.#sessionId,
      database_name: this.databaseName,
      log_time: datetime(this.instance.localTime()),
      log_time_utc: datetime(this.instance.utcTime()),
    };
  }

  #line(message: string): void {
    const time = new Date(this.instance.localTime()).toISOString().replace("T", " ").slice(0, 22);
    this.#lines.push(`${time}\t${message}`);
  }
}

/** Removes what an agent has told, all of it or what is older than a time of UTC. */
export function deleteAgentHistory(
  writer: TableWriter,
  agentId: string,
  options: { readonly agentType?: number; readonly before?: (row: NamedRow) => boolean } = {},
): void {
  const mine = (row: NamedRow): boolean =>
    row["agent_id"] === agentId &&
    (options.agentType === undefined || row["agent_type"] === options.agentType) &&
    (options.before === undefined || options.before(row));
  for (const table of [HISTORY, ERRORS]) writer.delete(table, mine);
}
