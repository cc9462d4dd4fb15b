/** What must hold of instances that were killed and started again on the same directory. */
import assert from "node:assert/strict";
import type { AskedSet, CopyState, Expected, Rows } from "./expected";
import { synchronized } from "./tasks";
import { INSTANCES, type InstanceName } from "./victim-protocol";
import type { Victim } from "./victim-process";

/** Checks everything and settles what was in doubt; answers where mgc is principal, undefined while it is not mirrored. */
export async function check(victim: Victim, expected: Expected): Promise<InstanceName | undefined> {
  await checkStates(victim);
  const principal = await checkMirroring(victim);
  await checkRows(victim, expected, principal ?? "SQL-P1");
  await checkSets(victim, expected);
  await checkCopy(victim, expected);
  await checkThings(victim, expected);
  return principal;
}

/** Every database is ONLINE or RESTORING: nothing is left that cannot be opened. */
async function checkStates(victim: Victim): Promise<void> {
  for (const instance of INSTANCES) {
    const rows = await victim.run(instance, "SELECT name, state_desc FROM sys.databases");
    const wrong = rows.filter((row) => !["ONLINE", "RESTORING"].includes(row["state_desc"] ?? ""));
    assert.deepEqual(wrong, [], `${instance}: databases that cannot be opened`);
  }
  const [open] = await victim.run("SQL-B1", "SELECT DB_ID(N'open') AS id, OBJECT_ID(N'[open].dbo.never') AS never");
  if (open?.["id"] == null || open["never"] == null) return;
  assert.deepEqual(await victim.run("SQL-B1", "SELECT content FROM [open].dbo.never"), [], "uncommitted rows");
}

/** One principal at most, and its mirror catches up with it. */
async function checkMirroring(victim: Victim): Promise<InstanceName | undefined> {
  const roles = new Map<string | null, InstanceName>();
  for (const instance of ["SQL-P1", "SQL-P2"] as const) {
    const role = await roleOf(victim, instance);
    assert.ok(role === null || !roles.has(role), `both partners of mgc are ${String(role)}`);
    roles.set(role, instance);
  }
  const principal = roles.get("PRINCIPAL");
  if (principal !== undefined) await synchronized(victim, principal);
  return principal;
}

async function roleOf(victim: Victim, instance: InstanceName): Promise<string | null> {
  const [row] = await victim.run(
    instance,
    "SELECT mirroring_role_desc AS role FROM sys.database_mirroring WHERE database_id = DB_ID(N'mgc')",
  );
  return row?.["role"] ?? null;
}

/** Committed rows are there, of the change in hand all or nothing; the log goes on behind what was told. */
async function checkRows(victim: Victim, expected: Expected, principal: InstanceName): Promise<void> {
  const [there] = await victim.run(principal, "SELECT OBJECT_ID(N'mgc.dbo.tblChat') AS id");
  if (there?.["id"] == null) {
    assert.equal(expected.rows.size, 0, "the table is gone with its rows");
    return;
  }
  const { rows, pendingRows } = expected;
  const found = await readRows(victim, principal, "mgc");
  assertRows(found, pendingRows === undefined ? [rows] : [rows, pendingRows], "mgc");
  expected.rows = found;
  expected.pendingRows = undefined;
  const [log] = await victim.run(
    principal,
    "SELECT mirroring_end_of_log_lsn AS lsn FROM sys.database_mirroring WHERE database_id = DB_ID(N'mgc')",
  );
  if (log?.["lsn"] != null) assert.ok(BigInt(log["lsn"]) >= expected.endOfLog, "the log ends before what was told");
}

/** Sets that were told are whole and in msdb; others are whole or told from whole ones. */
async function checkSets(victim: Victim, expected: Expected): Promise<void> {
  const known = new Set<string | null>();
  for (const instance of ["SQL-P1", "SQL-P2"] as const)
    for (const row of await victim.run(
      instance,
      "SELECT physical_device_name AS device FROM msdb.dbo.backupmediafamily",
    ))
      known.add(row["device"] ?? null);
  const whole: AskedSet[] = [];
  for (const set of expected.sets) {
    if (set.told) assert.ok(known.has(set.device), `msdb has no row of ${set.device}`);
    if (set.told || (await isWhole(victim, set.device))) whole.push(set);
  }
  expected.sets = whole;
}

/** Whether a device holds a complete first set. */
export async function isWhole(victim: Victim, device: string): Promise<boolean> {
  const { rows, errors } = await victim.ask("SQL-B1", `RESTORE HEADERONLY FROM DISK = N'${device}'`);
  if (errors.length > 0) {
    // Absent, empty, or ended inside its first blocks.
    assert.match(errors[0] ?? "", /^(3201|3241|3242|3254) /);
    return false;
  }
  return rows.length > 0 && rows[0]?.["BackupName"] !== "*** INCOMPLETE ***";
}

/** The copy is in one of the states that the task in hand may have left. */
async function checkCopy(victim: Victim, expected: Expected): Promise<void> {
  const [row] = await victim.run(
    "SQL-B1",
    `SELECT d.state_desc AS state, f.redo_start_lsn AS redo FROM sys.databases d
JOIN sys.master_files f ON f.database_id = d.database_id AND f.file_id = 1 WHERE d.name = N'copy'`,
  );
  const kind: CopyState["kind"] =
    row === undefined ? "absent" : row["state"] === "ONLINE" ? "online" : row["redo"] === null ? "half" : "restoring";
  const fitting = expected.copy.filter((state) => state.kind === kind);
  assert.ok(fitting.length > 0, `copy is ${kind}, expected ${expected.copy.map((state) => state.kind).join(" or ")}`);
  const [first, second] = fitting;
  if (first?.kind === "online") {
    const wanted = fitting.map((state) => (state.kind === "online" ? state.rows : new Map<number, string>()));
    const rows = await readRows(victim, "SQL-B1", "copy");
    assertRows(rows, wanted, "copy");
    expected.copy = [{ kind: "online", rows }];
  } else if (first?.kind === "restoring" && second?.kind === "restoring") {
    // Either the copy of before, or the one that was restored over it: its position tells.
    const { rows } = await victim.ask("SQL-B1", `RESTORE HEADERONLY FROM DISK = N'${second.set.device}'`);
    expected.copy = [rows[0]?.["LastLSN"] === row?.["redo"] ? second : first];
  } else if (first !== undefined) expected.copy = [first];
}

/** Jobs, logins and databases are there or gone as told. */
async function checkThings(victim: Victim, expected: Expected): Promise<void> {
  const [row] = await victim.run(
    "SQL-B1",
    `SELECT (SELECT COUNT(*) FROM msdb.dbo.sysjobs WHERE name = N'job') AS job,
  (SELECT COUNT(*) FROM sys.server_principals WHERE name = N'login') AS login,
  (SELECT COUNT(*) FROM sys.databases WHERE name = N'database') AS [database]`,
  );
  for (const [thing, wanted] of expected.things) {
    const found = row?.[thing] === "1" ? "there" : "gone";
    if (wanted !== "either") assert.equal(found, wanted, thing);
    expected.things.set(thing, found);
  }
}

/** Rows of the table in a database of an instance. */
export async function readRows(victim: Victim, instance: InstanceName, database: string): Promise<Rows> {
  const rows = await victim.run(instance, `SELECT id, content FROM ${database}.dbo.tblChat`);
  return new Map(rows.map((row) => [Number(row["id"]), row["content"] ?? ""]));
}

/** Fails with the ids that differ from the first of the wanted ones. */
export function assertRows(found: Rows, wanted: readonly Rows[], where: string): void {
  const same = (rows: Rows): boolean =>
    found.size === rows.size && [...rows].every(([id, text]) => found.get(id) === text);
  if (wanted.some(same)) return;
  const first = wanted[0] ?? new Map<number, string>();
  const ids = [...new Set([...found.keys(), ...first.keys()])].filter((id) => found.get(id) !== first.get(id));
  assert.fail(`${where}: ${String(found.size)} rows; other than expected: ids ${ids.slice(0, 20).join(", ")}`);
}
