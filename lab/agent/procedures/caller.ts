/** Who calls a procedure of the Agent, and what every such procedure checks first. */
import type { ProcedureCall, ProcedureParameter } from "../../tsql/host";
import { columnList } from "../../server/column-list";
import { isRoleMember, userOf } from "../../server/database-principals";
import type { Instance } from "../../server/instance";
import type { NamedRow, TableWriter } from "../../server/msdb/system-tables";
import { type ProcedureAnswer, parameter, type ServerProcedure } from "../../server/procedures/server-procedure";
import type { ServerSession } from "../../server/server-session";
import type { SqlError } from "../../tsql/errors";
import { type SqlType, type SqlValue, SYSNAME } from "../../tsql/values";
import { agentError } from "../agent-errors";
import type { RowReader } from "../job-rows";

/** Types that the procedures' parameters have. */
export const TYPES = {
  bit: { name: "bit" },
  tinyint: { name: "tinyint" },
  int: { name: "int" },
  guid: { name: "uniqueidentifier" },
  sysname: SYSNAME,
  datetime: { name: "datetime" },
  text: (length: number | "max"): SqlType => ({ name: "nvarchar", length }),
} as const;

/** An optional parameter, NULL unless another default is given. */
export function optional(name: string, type: SqlType, standard: SqlValue = null): ProcedureParameter {
  return parameter(name, type, { standard });
}

/** An optional OUTPUT parameter. */
export function output(name: string, type: SqlType): ProcedureParameter {
  return parameter(name, type, { standard: null, output: true });
}

/** One call, with the caller's rights and msdb as the caller's transaction sees it. */
export class Caller {
  readonly instance: Instance;

  constructor(
    readonly session: ServerSession,
    readonly call: ProcedureCall,
  ) {
    this.instance = session.instance;
  }

  /** Rows of msdb as this session sees them. */
  readonly rows: RowReader = (table, where) => this.instance.msdb.rows(table, where, this.session);

  /** Changes msdb inside the session's transaction. */
  change<T>(work: (writer: TableWriter) => T): Promise<T> {
    return this.instance.msdb.change(work, this.session, this.call.signal);
  }

  get login(): string {
    return this.session.principal.name;
  }

  /** Hexadecimal. */
  get sid(): string {
    return this.session.principal.sid;
  }

  get isSysadmin(): boolean {
    return this.session.isSysadmin;
  }

  /** Membership in a role of msdb: SQLAgentUserRole, SQLAgentReaderRole, SQLAgentOperatorRole. */
  isInRole(role: string): boolean {
    const msdb = this.instance.core.require("msdb");
    const user = userOf(msdb, this.session);
    return user !== undefined && isRoleMember(msdb, user, role, this.session.transactions);
  }

  /** Sends a message of class 10. */
  tell(message: SqlError, procedure: string): void {
    // RAISERROR sends severity 10 as class 0 (MS-TDS 2.2.7.13).
    for (const one of message.messages(1, procedure)) this.call.sink.message({ ...one, class: 0 });
  }

  /** Sends one result set. `columns` is text for `columnList`; a column that a row lacks is NULL. */
  async send(columns: string, rows: readonly NamedRow[]): Promise<void> {
    const list = columnList(columns);
    this.call.sink.columns(list);
    for (const row of rows) await this.call.sink.row(list.map((column) => row[column.name] ?? null));
    // 0xC1: SELECT (MS-TDS 2.2.7.6).
    this.call.sink.done({ command: 0xc1, rowCount: rows.length, error: false });
  }
}

export const SUCCESS: ProcedureAnswer = { returnCode: 0 };

/** A procedure's answer with OUTPUT values. */
export function answer(outputs: Readonly<Record<string, SqlValue>>): ProcedureAnswer {
  return { returnCode: 0, outputs: new Map(Object.entries(outputs)) };
}

/** A procedure before the common checks are put around it. `name` is without database and schema. */
export interface AgentProcedure {
  readonly name: string;
  readonly parameters: readonly ProcedureParameter[];
  /** false: reads only. */
  readonly changes?: boolean;
  execute(caller: Caller): Promise<ProcedureAnswer>;
}

/** A procedure of msdb that members of SQLAgentUserRole may execute (229 for others). */
export function agentProcedure(procedure: AgentProcedure): ServerProcedure {
  return {
    name: `msdb.dbo.${procedure.name}`,
    parameters: procedure.parameters,
    ...(procedure.changes === undefined ? {} : { changes: procedure.changes }),
    execute(call, session) {
      const caller = new Caller(session, call);
      if (!caller.isSysadmin && !caller.isInRole("SQLAgentUserRole"))
        throw agentError(229, "EXECUTE", procedure.name, "msdb", "dbo");
      return procedure.execute(caller);
    },
  };
}
