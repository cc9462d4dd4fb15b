/** Stories of log shipping: a role swap without a seed, files of a dead fork, a mirror that ships on. */
import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { COPY_FOLDER, SHARE, type Server, until } from "../agent-estate";
import { JOBS, registerPrimary, ShippingEstate } from "../log-shipping-estate";
import { addressOf, ENDPOINT } from "./mirrored";
import { cite } from "./sources";
import type { Rule } from "./support";

const STATE = "SELECT state_desc FROM sys.databases WHERE name = N'mgc'";
const file = (name: string): string => `DISK = N'${SHARE}\\${name}'`;

/** A story on instances with their Agents. */
function story(rule: Omit<Rule, "run">, tell: (estate: ShippingEstate) => Promise<void>): Rule {
  return {
    ...rule,
    run: async () => {
      const estate = new ShippingEstate();
      try {
        await tell(estate);
      } finally {
        await estate.dispose();
      }
    },
  };
}

/** Takes a log backup on one instance and applies it on the other; `close`: the tail, and the other is opened. */
async function carry(name: string, from: Server, to: Server, close = false): Promise<void> {
  await from.run(`BACKUP LOG mgc TO ${file(name)}${close ? " WITH NORECOVERY" : ""}`);
  await to.run(`RESTORE LOG mgc FROM ${file(name)} WITH ${close ? "" : "NO"}RECOVERY`);
}

/** Texts on a server, in order. */
async function said(server: Server): Promise<readonly unknown[]> {
  return (await server.run("SELECT content FROM mgc.dbo.tblChat ORDER BY chatId")).map((row) => row["content"]);
}

async function swappedThenShipped(estate: ShippingEstate): Promise<void> {
  // The pool runs on SQL-B1; SQL-P1 follows.
  await estate.seed();
  const [backup, primary] = [estate.secondary, estate.primary];
  await carry("opens.trn", primary, backup, true);
  const say = (text: string): Promise<unknown> => backup.run(`INSERT mgc.dbo.tblChat (content) VALUES (N'${text}')`);
  for (const round of ["one", "two", "three"]) {
    await say(round);
    await carry(`${round}.trn`, backup, primary);
  }
  await say("last");
  await carry("tail.trn", backup, primary, true);
  const begun = estate.journal.length;
  await estate.register();
  for (const cycle of ["first", "second", "third"]) {
    await estate.say(cycle);
    await estate.cycle();
  }
  const state = await backup.row(STATE);
  assert.equal(state["state_desc"], "RESTORING");
  const changes = estate.journal.slice(begun).flatMap((entry) => entry.changes);
  assert.deepEqual(
    changes.filter((change) => /^(BACKUP|RESTORE) DATABASE/.test(change)),
    [],
  );
  const texts = await said(primary);
  assert.deepEqual(texts, ["one", "two", "three", "last", "first", "second", "third"]);
  assert.deepEqual(await estate.recovered(), texts);
}

/** Log backups of mgc in share and copy folder. */
function logs(estate: ShippingEstate): readonly string[] {
  const folders = [
    estate.files.shareDirectory(SHARE),
    estate.files.locate("SQL-B1", "DCI\\administrator", COPY_FOLDER, "list").file,
  ];
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /^mgc_\d+\.trn$/.test(name))
      .map((name) => join(folder, name)),
  );
}

async function staleFilesStay(estate: ShippingEstate): Promise<void> {
  await estate.seed();
  await estate.register();
  await estate.say("shipped");
  await estate.cycle();
  // The primary's log runs ahead: each recovery begins a new virtual log file. Then the outage: a last log reaches the
  // share, and nobody takes it.
  for (const name of ["a.trn", "b.trn", "c.trn"])
    await estate.primary.run(`BACKUP LOG mgc TO ${file(name)} WITH NORECOVERY; RESTORE DATABASE mgc WITH RECOVERY`);
  await estate.say("lost");
  await estate.primary.succeed(JOBS.backup);
  const stale = logs(estate);
  const { primary, secondary } = estate;
  await secondary.run("EXEC master.dbo.sp_delete_log_shipping_secondary_database @secondary_database = N'mgc'");
  await secondary.run("RESTORE DATABASE mgc WITH RECOVERY; INSERT mgc.dbo.tblChat (content) VALUES (N'after')");
  // F3 to F5 by hand: home, and the secondary seeded and registered anew.
  await secondary.run(`BACKUP DATABASE mgc TO ${file("f3.bak")}`);
  await primary.run(
    `RESTORE DATABASE mgc FROM ${file("f3.bak")} WITH REPLACE; BACKUP DATABASE mgc TO ${file("s.bak")}`,
  );
  await secondary.run(`RESTORE DATABASE mgc FROM ${file("s.bak")} WITH REPLACE, NORECOVERY`);
  await estate.register();
  await estate.say("home");
  await primary.succeed(JOBS.backup);
  await secondary.succeed(JOBS.copy);
  const red = await secondary.runJob(JOBS.restore);
  assert.equal(red.at(-1)?.["run_status"], 0);
  const errors = await secondary.run("SELECT message FROM msdb.dbo.log_shipping_monitor_error_detail");
  assert.match(errors.map((row) => row["message"]).join("\n"), /on a recovery path that is inconsistent|too recent/);
  const names = new Set(stale.map((path) => path.slice(path.lastIndexOf("mgc_"))));
  for (const path of logs(estate)) if (names.has(path.slice(path.lastIndexOf("mgc_")))) rmSync(path);
  await secondary.succeed(JOBS.restore);
  assert.deepEqual(await estate.recovered(), ["shipped", "after", "home"]);
}

async function mirrorShipsOn(estate: ShippingEstate): Promise<void> {
  await estate.seed();
  const { primary } = estate;
  const mirror = await estate.start("SQL-P2");
  for (const server of [primary, mirror]) await server.run(ENDPOINT);
  await mirror.run(`RESTORE DATABASE mgc FROM ${file("seed.bak")} WITH NORECOVERY`);
  await carry("mirror.trn", primary, mirror);
  await estate.secondary.run(`RESTORE LOG mgc FROM ${file("mirror.trn")} WITH NORECOVERY`);
  await mirror.run(`ALTER DATABASE mgc SET PARTNER = '${addressOf("SQL-P1")}'`);
  await primary.run(`ALTER DATABASE mgc SET PARTNER = '${addressOf("SQL-P2")}'`);
  await until(
    () => primary.row("SELECT mirroring_state_desc AS s FROM sys.database_mirroring WHERE database_id = DB_ID(N'mgc')"),
    ({ s }) => s === "SYNCHRONIZED",
  );
  await estate.register();
  await mirror.run(registerPrimary());
  await estate.say("before");
  await estate.cycle();
  await estate.say("not shipped yet");
  const registration = "SELECT secondary_id, primary_server, primary_database FROM msdb.dbo.log_shipping_secondary";
  const registered = await estate.secondary.run(registration);
  await primary.run("ALTER DATABASE mgc SET PARTNER FAILOVER");
  // Its copy is the mirror now: the job succeeds and ships nothing.
  const before = await estate.lastFiles();
  await primary.succeed(JOBS.backup);
  assert.deepEqual(await estate.lastFiles(), before);
  estate.primary = mirror;
  await estate.say("after");
  await estate.cycle();
  const [shipped, copied, restored] = await estate.lastFiles();
  assert.deepEqual([copied, restored], [shipped, shipped]);
  assert.deepEqual(await estate.secondary.run(registration), registered);
  assert.deepEqual(await estate.secondary.run("SELECT * FROM msdb.dbo.log_shipping_monitor_error_detail"), []);
  assert.deepEqual(await estate.recovered(), ["before", "not shipped yet", "after"]);
}

export const shippingStories: readonly Rule[] = [
  story(
    {
      number: "K3",
      certainty: "documented",
      source: cite("failOverToSecondary", "changeRoles"),
      title: "role swap in three rounds, then log shipping to B without a seed: three cycles, equal rows, B RESTORING",
    },
    swappedThenShipped,
  ),
  story(
    {
      number: "K7",
      certainty: "assumed",
      source: "",
      title: "log files of the dead fork in share and copy folder: the new restore job fails until they are moved",
    },
    staleFilesStay,
  ),
  story(
    {
      number: "K9",
      certainty: "documented",
      source: cite("mirroringAndShipping"),
      title: "a failover inside the primary site: its mirror, registered too, ships on; the secondary notices nothing",
    },
    mirrorShipsOn,
  ),
];
