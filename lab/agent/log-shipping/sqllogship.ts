/**
 * sqllogship.exe: the program that the steps of log shipping's jobs call.
 * Source: sql-docs tools/sqllogship-application.md.
 */
import type { PowerShellResult } from "../../shell/run";
import type { ProgramContext } from "../program-context";
import { sameName } from "../row-values";
import { backupLog } from "./backup-log";
import { copyLogs } from "./copy-logs";
import { restoreLogs } from "./restore-logs";

/** Actions by option; the value of the option is the primary's or the secondary's id. */
const ACTIONS: Readonly<Record<string, (id: string, context: ProgramContext) => Promise<PowerShellResult>>> = {
  backup: backupLog,
  copy: copyLogs,
  restore: restoreLogs,
};

/** Options that take a value beside the actions. */
const VALUED = ["server", "verboselevel", "logintimeout", "querytimeout"];

const USAGE =
  "Usage: sqllogship -server <instance_name> { -backup <primary_id> | -copy <secondary_id> | -restore <secondary_id> } " +
  "[ -verboselevel <level> ] [ -logintimeout <timeout_value> ] [ -querytimeout <timeout_value> ]\r\n";

/** Runs the program. @param args what stands behind the executable's name */
export async function runLogShipping(args: readonly string[], context: ProgramContext): Promise<PowerShellResult> {
  const options = new Map<string, string>();
  for (let at = 0; at < args.length; at += 2) {
    const name = (args[at] ?? "").replace(/^[-/]/, "").toLowerCase();
    const value = args[at + 1];
    if (value === undefined || !(name in ACTIONS || VALUED.includes(name))) return refused(USAGE);
    options.set(name, value);
  }
  const actions = Object.keys(ACTIONS).filter((action) => options.has(action));
  const [action] = actions;
  const server = options.get("server");
  if (actions.length !== 1 || action === undefined || server === undefined) return refused(USAGE);
  if (!sameName(server, context.instance.name))
    return refused(
      "*** Error: A network-related or instance-specific error occurred while establishing a connection to SQL Server. " +
        "The server was not found or was not accessible.(.Net SqlClient Data Provider) ***\r\n",
    );
  if (context.instance.principals.find(context.account) === undefined)
    return refused(`*** Error: Login failed for user '${context.account}'.(.Net SqlClient Data Provider) ***\r\n`);
  return (ACTIONS[action] as (typeof ACTIONS)[string])((options.get(action) ?? "").toUpperCase(), context);
}

function refused(error: string): PowerShellResult {
  return { output: "", error, exitCode: 1 };
}
