/** What the instances are asked to do while the end may come at any moment. Each task says beforehand what may become true. */
import assert from "node:assert/strict";
import type { AskedSet, Expected } from "./expected";
import type { Random } from "./random";
import type { Shipping } from "./shipping";
import { type InstanceName, SHARE } from "./victim-protocol";
import type { Victim } from "./victim-process";

const MIRRORING_PORT = 5022;
const AGREED_WITHIN_MS = 10_000;
const COPY_FILES =
  "MOVE N'mgc' TO N'D:\\SQLData\\copy.mdf', MOVE N'mgc_log' TO N'E:\\SQLLog\\copy_log.ldf', NORECOVERY";

/** What tasks work with. */
export interface TaskContext {
  readonly victim: Victim;
  readonly expected: Expected;
  readonly random: Random;
  /** Where mgc is principal, or will be. */
  readonly principal: InstanceName;
  /** Distinguishes the names of this process's files from those of earlier ones. */
  readonly round: number;
  readonly shipping: Shipping;
}

export class Tasks {
  #devices = 0;
  #texts = 0;

  #principal: InstanceName;

  constructor(private readonly context: TaskContext) {
    this.#principal = context.principal;
  }

  /** Makes mgc on SQL-P1, mirrored to SQL-P2, from wherever an end has left that. */
  async prepare(): Promise<void> {
    const { victim } = this.context;
    for (const instance of ["SQL-P1", "SQL-P2"] as const)
      await victim.run(
        instance,
        `IF NOT EXISTS (SELECT * FROM sys.endpoints WHERE name = N'Mirroring')
  CREATE ENDPOINT Mirroring STATE = STARTED AS TCP (LISTENER_PORT = ${String(MIRRORING_PORT)}) FOR DATABASE_MIRRORING (ROLE = PARTNER);`,
      );
    await victim.run("SQL-P1", "IF DB_ID(N'mgc') IS NULL CREATE DATABASE mgc; ALTER DATABASE mgc SET RECOVERY FULL;");
    await victim.run(
      "SQL-P1",
      `USE mgc; IF OBJECT_ID(N'dbo.tblChat') IS NULL
  CREATE TABLE dbo.tblChat (id int NOT NULL PRIMARY KEY, content nvarchar(max) NOT NULL); USE master;`,
    );
    const full = await this.backup("full");
    const log = await this.backup("log");
    // The copy may wait for this principal since an earlier attempt.
    await victim.ask("SQL-P2", "ALTER DATABASE mgc SET PARTNER OFF");
    await victim.run("SQL-P2", `RESTORE DATABASE mgc FROM DISK = N'${full.device}' WITH REPLACE, NORECOVERY`);
    await victim.run("SQL-P2", `RESTORE LOG mgc FROM DISK = N'${log.device}' WITH NORECOVERY`);
    for (const [on, other] of [
      ["SQL-P2", "sql-p1"],
      ["SQL-P1", "sql-p2"],
    ] as const)
      await victim.run(
        on,
        `ALTER DATABASE mgc SET PARTNER = N'TCP://${other}.dci.discovery.com:${String(MIRRORING_PORT)}'`,
      );
  }

  /** One task, chosen by the seed. @param begins told its name beforehand */
  async next(begins: (task: string) => void): Promise<void> {
    const tasks: readonly (readonly [name: string, work: () => Promise<unknown>])[] = [
      ["write", () => this.write()],
      ["write", () => this.write()],
      ["write", () => this.write()],
      ["open transaction", () => this.leaveOpen()],
      ["BACKUP LOG", () => this.backup("log")],
      ["BACKUP DATABASE", () => this.backup("full")],
      ["BACKUP DATABASE WITH DIFFERENTIAL", () => this.backup("differential")],
      ["restore", () => this.copy()],
      ["restore", () => this.copy()],
      ["restore", () => this.copy()],
      ["job", () => this.job()],
      ["login", () => this.login()],
      ["database", () => this.database()],
      ["failover", () => this.failOver()],
      ["shipping", () => this.context.shipping.ship()],
    ];
    const [name, work] = this.context.random.one(tasks);
    begins(name);
    await work();
  }

  /** A transaction of one to four statements: told, it is there; else all of it or nothing. */
  async write(): Promise<void> {
    const { expected, random, victim, round } = this.context;
    const statements: string[] = [];
    expected.begin((rows) => {
      for (let count = 1 + random.below(4); count > 0; count -= 1) {
        const known = [...rows.keys()];
        const kind = known.length === 0 ? 0 : random.below(4);
        const id = kind < 2 ? Math.max(0, ...known) + 1 : random.one(known);
        this.#texts += 1;
        const text = `${String(round)}.${String(this.#texts)} ${"x".repeat(random.below(3000))}`;
        if (kind < 2) statements.push(`INSERT mgc.dbo.tblChat VALUES (${String(id)}, N'${text}');`);
        else if (kind === 2)
          statements.push(`UPDATE mgc.dbo.tblChat SET content = N'${text}' WHERE id = ${String(id)};`);
        else statements.push(`DELETE mgc.dbo.tblChat WHERE id = ${String(id)};`);
        if (kind < 3) rows.set(id, text);
        else rows.delete(id);
      }
    });
    const [row] = await victim.run(
      this.#principal,
      `BEGIN TRANSACTION; ${statements.join("\n")} COMMIT;
SELECT mirroring_end_of_log_lsn AS lsn FROM sys.database_mirroring WHERE database_id = DB_ID(N'mgc');`,
      "writer",
    );
    expected.done();
    if (row?.["lsn"] != null) expected.endOfLog = BigInt(row["lsn"]);
  }

  /** A transaction that nobody commits; the next one of it undoes this one. */
  async leaveOpen(): Promise<void> {
    const { victim } = this.context;
    await victim.run("SQL-B1", "IF DB_ID(N'open') IS NULL CREATE DATABASE [open];", "idler");
    await victim.run(
      "SQL-B1",
      `USE [open]; IF @@TRANCOUNT > 0 ROLLBACK;
IF OBJECT_ID(N'dbo.never') IS NULL CREATE TABLE dbo.never (content nvarchar(100) NOT NULL);
BEGIN TRANSACTION; INSERT dbo.never VALUES (N'uncommitted');`,
      "idler",
    );
  }

  /** Takes a set; with COMPRESSION or CHECKSUM now and then. */
  async backup(kind: AskedSet["kind"]): Promise<AskedSet> {
    const { victim, expected, round } = this.context;
    this.#devices += 1;
    const device = `${SHARE}\\mgc_${String(round)}_${String(this.#devices)}.${kind === "log" ? "trn" : "bak"}`;
    const set: AskedSet = { kind, device, rows: expected.rows, told: false };
    expected.sets.push(set);
    const statement = kind === "log" ? "BACKUP LOG" : "BACKUP DATABASE";
    const more = kind === "differential" ? ", DIFFERENTIAL" : "";
    await victim.run(this.#principal, `${statement} mgc TO DISK = N'${device}' WITH FORMAT, CHECKSUM${more}`);
    set.told = true;
    return set;
  }

  /** One step of the copy on SQL-B1: a full restore, the next log set, or recovery. */
  async copy(): Promise<void> {
    const { expected, victim, random } = this.context;
    const [now] = expected.copy;
    if (now?.kind === "restoring") {
      const differential = now.set.kind === "full" && now.isSure ? expected.differentialOf(now.set) : undefined;
      if (differential !== undefined && random.below(2) === 0) {
        const forward = { kind: "restoring", set: differential, isSure: true } as const;
        expected.copy = [now, forward];
        await victim.run("SQL-B1", `RESTORE DATABASE copy FROM DISK = N'${differential.device}' WITH NORECOVERY`);
        expected.copy = [forward];
        return;
      }
      const [log] = expected.logsBehind(now.set);
      if (log !== undefined && (!now.isSure || random.below(4) > 0)) {
        expected.copy = [{ ...now, isSure: false }];
        await victim.run("SQL-B1", `RESTORE LOG copy FROM DISK = N'${log.device}' WITH NORECOVERY`);
        expected.copy = [{ kind: "restoring", set: log, isSure: true }];
        return;
      }
      const online = { kind: "online", rows: now.set.rows } as const;
      expected.copy = [now, online];
      await victim.run("SQL-B1", "RESTORE DATABASE copy WITH RECOVERY");
      expected.copy = [online];
      return;
    }
    const full = expected.lastFull;
    if (full === undefined) return;
    const restored = { kind: "restoring", set: full, isSure: true } as const;
    expected.copy = [...expected.copy, { kind: "half" }, restored];
    await victim.run("SQL-B1", `RESTORE DATABASE copy FROM DISK = N'${full.device}' WITH REPLACE, ${COPY_FILES}`);
    expected.copy = [restored];
  }

  /** The partners change their roles. */
  async failOver(): Promise<void> {
    const { victim } = this.context;
    await synchronized(victim, this.#principal);
    await victim.run(this.#principal, "ALTER DATABASE mgc SET PARTNER FAILOVER");
    this.#principal = this.#principal === "SQL-P1" ? "SQL-P2" : "SQL-P1";
  }

  async job(): Promise<void> {
    await this.#turn(
      "job",
      "EXEC msdb.dbo.sp_add_job @job_name = N'job'",
      "EXEC msdb.dbo.sp_delete_job @job_name = N'job'",
    );
  }

  async login(): Promise<void> {
    await this.#turn("login", "CREATE LOGIN login WITH PASSWORD = N'Rehearsal-1'", "DROP LOGIN login");
  }

  async database(): Promise<void> {
    await this.#turn("database", "CREATE DATABASE [database]", "DROP DATABASE [database]");
  }

  /** Makes a thing on SQL-B1 that is gone, takes away one that is there. */
  async #turn(thing: string, make: string, takeAway: string): Promise<void> {
    const { victim, expected } = this.context;
    const { things } = expected;
    const isThere = things.get(thing) === "there";
    things.set(thing, "either");
    await victim.run("SQL-B1", isThere ? takeAway : make);
    things.set(thing, isThere ? "gone" : "there");
  }
}

/** Waits until the partners of mgc agree; fails with the state in which they stay. */
export async function synchronized(victim: Victim, principal: InstanceName): Promise<void> {
  const deadline = Date.now() + AGREED_WITHIN_MS;
  for (;;) {
    const [row] = await victim.run(
      principal,
      "SELECT mirroring_state_desc AS state FROM sys.database_mirroring WHERE database_id = DB_ID(N'mgc')",
    );
    if (row?.["state"] === "SYNCHRONIZED") return;
    assert.ok(Date.now() < deadline, `mirroring of mgc stays ${String(row?.["state"])} on ${principal}`);
  }
}
