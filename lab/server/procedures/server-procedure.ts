/** Stored procedures of the server: how they are written and how they are found. */
import type { NativeProcedure, ObjectName, ProcedureCall, ProcedureParameter } from "../../tsql/host";
import type { SqlType, SqlValue } from "../../tsql/values";
import type { Database } from "../database";
import type { ServerSession } from "../server-session";

/** What a procedure answers: its return code and its OUTPUT parameters by name (with the at sign). */
export interface ProcedureAnswer {
  readonly returnCode: number;
  readonly outputs?: ReadonlyMap<string, SqlValue>;
}

/** A stored procedure written in TypeScript. */
export interface ServerProcedure {
  /** Database, schema and name: "msdb.dbo.sp_add_job", "master.sys.sp_getapplock". */
  readonly name: string;
  readonly parameters: readonly ProcedureParameter[];
  /** false: reads only, or takes a lock; such a call is no change in the lab's journal. Default true. */
  readonly changes?: boolean;
  /** Ends with an answer, or throws SqlError. Messages and rows go to `call.sink`. */
  execute(call: ProcedureCall, session: ServerSession): Promise<ProcedureAnswer>;
}

/** A parameter; without `standard` it is required (201). */
export function parameter(
  name: string,
  type: SqlType,
  options: { readonly standard?: SqlValue; readonly output?: boolean } = {},
): ProcedureParameter {
  return {
    name,
    type,
    ...(options.standard === undefined ? {} : { default: options.standard }),
    ...(options.output === undefined ? {} : { output: options.output }),
  };
}

/** A text argument by its parameter's name in any case; "" never stands for NULL. */
export function textArgument(call: ProcedureCall, name: string): string | null {
  const value = call.arguments.get(name.toLowerCase()) ?? null;
  return typeof value === "string" ? value : null;
}

/** A whole number of a bit, tinyint, smallint or int parameter. */
export function numberArgument(call: ProcedureCall, name: string): number | null {
  const value = call.arguments.get(name.toLowerCase()) ?? null;
  return typeof value === "number" ? value : null;
}

/** All procedures of an instance by their full name without case. */
export class ProcedureRegistry {
  readonly #procedures = new Map<string, ServerProcedure>();

  register(list: readonly ServerProcedure[]): void {
    for (const procedure of list) this.#procedures.set(procedure.name.toLowerCase(), procedure);
  }

  /**
   * Finds a procedure as EXEC does: in the database named or current, schema named, else dbo and sys; names that begin
   * with sp_ or xp_ then in master, from every database ("EXECUTE (Transact-SQL)", sp_ prefix).
   */
  find(name: ObjectName, currentDatabase: string): ServerProcedure | undefined {
    const schemas = name.schema === undefined || name.schema === "" ? ["dbo", "sys"] : [name.schema];
    // A system procedure answers under dbo and sys alike: master.dbo.sp_getapplock, msdb.dbo.sp_executesql.
    if (name.schema?.toLowerCase() === "dbo") schemas.push("sys");
    if (name.schema?.toLowerCase() === "sys") schemas.push("dbo");
    const database = name.database === undefined || name.database === "" ? currentDatabase : name.database;
    const databases = /^(?:sp|xp)_/i.test(name.name) ? [database, "master"] : [database];
    for (const home of databases)
      for (const schema of schemas) {
        const found = this.#procedures.get(`${home}.${schema}.${name.name}`.toLowerCase());
        if (found !== undefined) return found;
      }
    return undefined;
  }
}

/**
 * The procedure as the language calls it for one session.
 * @param database where it runs: system procedures work on the database that stands before their name
 */
export function nativeProcedure(
  procedure: ServerProcedure,
  session: ServerSession,
  database: Database = session.database,
): NativeProcedure {
  const name = procedure.name.slice(procedure.name.lastIndexOf(".") + 1);
  return {
    name,
    parameters: procedure.parameters,
    async execute(call) {
      const caller = session.database;
      session.database = database;
      let answer: ProcedureAnswer;
      try {
        answer = await procedure.execute(call, session);
      } finally {
        session.database = caller;
      }
      // What failed with a return code has changed nothing.
      if ((procedure.changes ?? true) && answer.returnCode === 0) session.noteChange(`EXEC ${name}`);
      return answer;
    },
  };
}
