/** What every procedure of log shipping checks first. */
import type { ProcedureAnswer, ServerProcedure } from "../../server/procedures/server-procedure";
import { textArgument } from "../../server/procedures/server-procedure";
import { agentError } from "../agent-errors";
import { EDITIONS } from "../../server/product";
import { type AgentProcedure, Caller } from "../procedures/caller";
import type { SqlValue } from "../../tsql/values";
import { sameName } from "../row-values";

/**
 * A procedure of master for members of sysadmin (assumed: 21089 for others), on an edition with log shipping (32017), to be
 * called in master or by its full name (assumed: 5001). sql-docs, each procedure's page: "must be run from master".
 */
export function shippingProcedure(procedure: AgentProcedure): ServerProcedure {
  return {
    name: `master.dbo.${procedure.name}`,
    parameters: procedure.parameters,
    ...(procedure.changes === undefined ? {} : { changes: procedure.changes }),
    execute(call, session): Promise<ProcedureAnswer> {
      // Membership counts, CONTROL SERVER does not ("Configure Log Shipping", permissions).
      if (!session.isSysadmin) throw agentError(21089);
      if (session.instance.edition === "Express") throw agentError(32017, EDITIONS[session.instance.edition].text);
      if (session.database.name !== "master") throw agentError(5001);
      return procedure.execute(new Caller(session, call));
    },
  };
}

/** A text argument that must have a value. Throws 32052. */
export function required(caller: Caller, name: string): string {
  const value = textArgument(caller.call, name);
  if (value === null || value.trim() === "") throw agentError(32052, name);
  return value;
}

/**
 * The monitor server. The lab's instances monitor themselves: another name is a server that cannot be linked. Throws 32054.
 * Answers the columns monitor_server, monitor_server_security_mode and user_specified_monitor.
 */
export function monitorColumns(caller: Caller): {
  readonly monitor_server: string;
  readonly monitor_server_security_mode: number;
  readonly user_specified_monitor: number;
} {
  const name = textArgument(caller.call, "@monitor_server");
  if (name !== null && !sameName(name, caller.instance.name)) throw agentError(32054);
  const mode = caller.call.arguments.get("@monitor_server_security_mode");
  return {
    monitor_server: caller.instance.name,
    monitor_server_security_mode: mode === 0 ? 0 : 1,
    user_specified_monitor: name === null ? 0 : 1,
  };
}

/** A threshold alert's number. Throws 32028 unless it is 14420 or 14421. */
export function thresholdAlert(value: number): number {
  if (value !== 14420 && value !== 14421) throw agentError(32028, value);
  return value;
}

/** Arguments that are not NULL, as changes of columns of the same name. */
export function givenColumns(caller: Caller, columns: readonly string[]): Record<string, SqlValue> {
  const change: Record<string, SqlValue> = {};
  for (const column of columns) {
    const value = caller.call.arguments.get(`@${column}`) ?? null;
    if (value !== null) change[column] = value;
  }
  return change;
}
