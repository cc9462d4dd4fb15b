/** A lab, the product on its sockets, and a DBA who changes it behind the product's back. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConnectionPool } from "mssql";
import { PowerShell } from "node-powershell";
import { type Configuration, parseConfiguration } from "../../estate/configuration";
import { type Desired, desiredOf } from "../../estate/desired";
import { driftOf } from "../../estate/drift/drift";
import type { Drift } from "../../estate/drift/drift-types";
import { lastDone } from "../../estate/drift/last-done";
import { closeEstate, Connections, type Estate, openEstate } from "../../estate/estate";
import { openSteps, type StepKey } from "../../estate/plan";
import { PoolRun, type Seen } from "../../estate/pool-run";
import type { Fault, ScenarioName } from "../../lab/control-commands";
import { labConfiguration, labSchema } from "../../tools/lab-configuration";
import { type Lab, startLab } from "../support/lab";

/** An instance of the lab's first pool. */
export type InstanceName = "SQL-P1" | "SQL-P2" | "SQL-B1" | "SQL-B2";

/** Something that a person does to the estate: T-SQL on an instance, a command of the Management Shell, a fault of the lab. */
export type Deed =
  | { readonly on: InstanceName; readonly sql: string }
  | { readonly shell: string }
  | { readonly fault: Fault }
  | { readonly chat: "start" | "stop" };

/** Settings of log shipping and its jobs, without what moves by itself; by instance, to compare before and after. */
const SETTINGS = `SELECT (SELECT COUNT(*) FROM sys.databases) AS databases;
SELECT primary_database, backup_directory, backup_share, backup_retention_period, backup_compression FROM msdb.dbo.log_shipping_primary_databases;
SELECT secondary_server, secondary_database FROM msdb.dbo.log_shipping_primary_secondaries;
SELECT primary_server, primary_database, backup_source_directory, backup_destination_directory, file_retention_period FROM msdb.dbo.log_shipping_secondary;
SELECT secondary_database, restore_delay, restore_all, restore_mode, disconnect_users FROM msdb.dbo.log_shipping_secondary_databases;
SELECT primary_database, backup_threshold, threshold_alert, threshold_alert_enabled, history_retention_period FROM msdb.dbo.log_shipping_monitor_primary;
SELECT secondary_database, restore_threshold, threshold_alert, threshold_alert_enabled, history_retention_period FROM msdb.dbo.log_shipping_monitor_secondary;
SELECT j.name, j.enabled, s.freq_type, s.freq_interval, s.freq_subday_type, s.freq_subday_interval, s.active_end_date, s.active_start_time, s.active_end_time, s.enabled AS runs
FROM msdb.dbo.sysjobs AS j LEFT JOIN msdb.dbo.sysjobschedules AS js ON js.job_id = j.job_id LEFT JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = js.schedule_id
ORDER BY j.name;`;

export class DriftEstate {
  readonly #lab: Lab;
  readonly #configuration: Configuration;
  readonly #estate: Estate;
  readonly #reports = mkdtempSync(join(tmpdir(), "persistent-chat-reports-"));
  readonly #dba = new Map<string, ConnectionPool>();
  #shell: PowerShell | undefined;
  #runs = 0;

  private constructor(lab: Lab, configuration: Configuration, estate: Estate) {
    this.#lab = lab;
    this.#configuration = configuration;
    this.#estate = estate;
  }

  /**
   * A lab in a scenario, and the product as the stack has it.
   * @param settings of `mirroring`, beside those of every table
   */
  static async start(
    scenario: ScenarioName,
    stack: Desired["active"] = "primary",
    settings: Readonly<Record<string, unknown>> = {},
  ): Promise<DriftEstate> {
    const lab = await startLab({ scenario });
    try {
      const values = labConfiguration(labSchema.parse(lab.json));
      // Old copies are let go, and a chat that does not come back is not waited for.
      const mirroring = { by: "ALTER DATABASE", dropLeftovers: true, ...settings };
      const pools = (values["pools"] as object[]).map((one) => ({ ...one, mirroring, health: { timeoutSeconds: 2 } }));
      const raw = { active: stack, ...values, pools };
      const parsed = parseConfiguration({ ...raw, sqlPassword: lab.json.instances[0]?.password });
      assert.ok(parsed.ok, parsed.ok ? "" : JSON.stringify(parsed.problems));
      const [pool] = parsed.value.pools;
      assert.ok(pool);
      return new DriftEstate(
        lab,
        parsed.value,
        openEstate(pool, new Connections(parsed.value, { stack, run: "test" })),
      );
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#shell?.dispose();
    for (const pool of this.#dba.values()) await pool.close();
    await closeEstate(this.#estate);
    await this.#lab.stop();
    rmSync(this.#reports, { recursive: true, force: true });
  }

  /** What the stack wants; unattended unless said otherwise, as a drift run is. */
  desired(change: Partial<Desired> = {}): Desired {
    return { ...desiredOf(this.#configuration, this.#estate.pool.name), unattended: true, ...change };
  }

  /** Does it as a person would, with a connection or a shell of his own. */
  async does(deed: Deed): Promise<void> {
    if ("fault" in deed) await this.#lab.request("fault", deed.fault);
    else if ("chat" in deed) await (deed.chat === "stop" ? this.#lab.request("chat-stop", {}) : this.#startChat());
    else if ("shell" in deed) await (this.#shell ??= this.#newShell()).invoke(deed.shell);
    else await (await this.#connected(deed.on)).request().batch(deed.sql);
  }

  /** Observation and plan of a run of its own, and the drift that it tells. */
  async look(desired: Desired = this.desired()): Promise<{ readonly seen: Seen; readonly drift: Drift }> {
    return this.#run(desired, async (run) => {
      const seen = await run.see();
      const done = lastDone(desired.pool.name, desired.active, this.#reports);
      const question = { stack: desired.active, time: new Date().toISOString(), lastDone: done };
      return { seen, drift: driftOf(seen, desired, question) };
    });
  }

  /** An `up`: Preflight and every open step, in the order of the plan, as far as `last`. Throws what a step throws. */
  async up(desired: Desired = this.desired(), last?: StepKey): Promise<void> {
    await this.#run(desired, async (run) => {
      const { plan } = await run.converge("F0");
      for (const { key } of openSteps(plan)) {
        await run.converge(key);
        if (key === last) return;
      }
    });
  }

  /** One step alone, as `--target` would have it. */
  async step(key: StepKey, desired: Desired = this.desired()): Promise<void> {
    await this.#run(desired, (run) => run.converge(key));
  }

  /** How many lines the lab's journal has. */
  async mark(): Promise<number> {
    return (await this.#lab.journal()).length;
  }

  /** What the product changed since, by the lab's own journal: `SQL-B1: EXEC sp_update_job`. */
  async changesSince(mark: number): Promise<readonly string[]> {
    const lines = (await this.#lab.journal(mark)) as readonly {
      readonly instance?: string;
      readonly client: string;
      readonly kind: string;
      readonly changes: readonly string[];
    }[];
    return lines
      .filter((line) => line.kind === "cmdlet" || line.client.startsWith("pchat-dr"))
      .flatMap((line) => line.changes.map((change) => `${line.instance ?? "shell"}: ${change}`));
  }

  /** Everything that is set in msdb of both principals and of the primary's mirror, as one text. */
  async settings(): Promise<string> {
    const texts = await Promise.all(
      (["SQL-P1", "SQL-P2", "SQL-B1"] as const).map(async (name) => {
        const answer = await (await this.#connected(name)).request().batch(SETTINGS);
        return [name, ...(answer.recordsets as unknown[][]).map((rows) => JSON.stringify(rows))].join("\n");
      }),
    );
    return texts.join("\n");
  }

  async #run<Result>(desired: Desired, use: (run: PoolRun) => Promise<Result>): Promise<Result> {
    this.#runs += 1;
    const run = new PoolRun(this.#estate, desired, {
      identity: { stack: desired.active, run: `t${String(this.#runs)}` },
      secrets: [],
      reportFolder: this.#reports,
      listener: { progress: () => undefined },
    });
    try {
      return await use(run);
    } finally {
      await run.close();
    }
  }

  // Servers without clients: nobody writes messages.
  async #startChat(): Promise<void> {
    await this.#lab.request("chat-start", { rate: 0 });
  }

  #newShell(): PowerShell {
    return new PowerShell({ executableOptions: {}, executable: this.#lab.json.shell.executable });
  }

  async #connected(name: string): Promise<ConnectionPool> {
    const known = this.#dba.get(name);
    if (known !== undefined) return known;
    const { host, port, user, password } = this.#lab.instance(name);
    const options = { encrypt: false, trustServerCertificate: true, appName: "DBA" };
    const pool = await new ConnectionPool({ server: host, port, user, password, options }).connect();
    this.#dba.set(name, pool);
    return pool;
  }
}
