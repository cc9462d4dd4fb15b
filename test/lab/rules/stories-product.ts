/** Stories that the product's decisions are part of: it reads the instances, and its pure plan says what comes next. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { InstanceOptions } from "../../../lab/server/instance";
import { DrError } from "../../../estate/errors";
import { refusalOf, stepOf } from "../../../estate/plan";
import { ChatService, keyOf } from "../../../lab/chat/chat-service";
import type { ChatReport } from "../../../lab/control-commands";
import { ManagementStore } from "../../../lab/lync/management-store";
import { ROOMS } from "../../../lab/scenarios/rows";
import { SHARE, until } from "../agent-estate";
import { JOBS } from "../log-shipping-estate";
import { CHAT, ProductEstate } from "./product-estate";
import { cite } from "./sources";
import type { Rule } from "./support";

type Described = Omit<Rule, "run">;

/** A story on the instances of both sites, failed over. */
function story(rule: Described, tell: (estate: ProductEstate) => Promise<void>, factor = 1): Rule {
  return {
    ...rule,
    run: async () => {
      const estate = new ProductEstate(factor);
      try {
        await tell(estate);
      } finally {
        await estate.dispose();
      }
    },
  };
}

/** What was decided, without anything that is a time, sets named by their number on the backup. */
async function decision(estate: ProductEstate): Promise<unknown> {
  const { authority, steps } = await estate.decide();
  const sets = await estate.backup.run("SELECT backup_set_uuid AS u FROM msdb.dbo.backupset ORDER BY backup_set_id");
  const numbered = (text: string): string =>
    sets.reduce((named, { u }, index) => named.replaceAll(String(u), `#${String(index)}`), text);
  return {
    row: authority.number,
    outcome: authority.outcome,
    steps: steps.map(({ key, open, now, reason }) => [key, open, numbered(now), reason]),
  };
}

/** 15 minutes pass in a third of a second. */
const FAST = 2700;
const HOUR = 3_600_000;

/** Chat servers and clients (so many messages a second) of the pool on the backup's instance, for a while. */
async function chatting(estate: ProductEstate, rate: number, use: (chat: ChatService) => Promise<void>): Promise<void> {
  const { instance } = estate.backup;
  await estate.listening(instance, async (port) => {
    const store = new ManagementStore(join(estate.directory, "store.json"), estate.topology);
    const chat = new ChatService({
      store,
      login: CHAT,
      ledger: join(estate.directory, "ledger.jsonl"),
      address: (name) => (name === instance.name ? { instance: name, host: "127.0.0.1", port } : undefined),
      contents: async () => {
        const rows = await estate.backup.run("SELECT channelId, chatId, RIGHT(content, 37) AS id FROM mgc.dbo.tblChat");
        // The identifier stands in brackets at the end.
        return new Set(
          rows.map((row) => keyOf(Number(row["channelId"]), Number(row["chatId"]), String(row["id"]).slice(0, -1))),
        );
      },
    });
    try {
      await chat.start(rate);
      await use(chat);
    } finally {
      await chat.stop();
      store.close();
    }
  });
}

export const productStories: readonly Rule[] = [
  story(
    {
      number: "K4",
      certainty: "documented",
      source: cite("applyLogs"),
      title: "role swap, a foreign log backup between two rounds: 4305 on P; the product needs it, or stops before F1",
    },
    async (estate) => {
      await estate.failedOver();
      const { primary, backup } = estate;
      const log = (name: string): string => `DISK = N'${SHARE}\\${name}.trn'`;
      const take = async (name: string, close = ""): Promise<void> => {
        await estate.say(backup, name);
        await backup.run(`BACKUP LOG mgc TO ${log(name)}${close}`);
      };
      const apply = (name: string): string => `RESTORE LOG mgc FROM ${log(name)} WITH NORECOVERY`;
      await backup.run(`BACKUP DATABASE mgc TO DISK = N'${SHARE}\\swap.bak' WITH CHECKSUM`);
      await primary.run(`RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\swap.bak' WITH REPLACE, NORECOVERY`);
      for (const round of ["one", "two"]) {
        await take(round);
        await primary.run(apply(round));
      }
      await take("foreign");
      await take("three");
      await primary.refused(apply("three"), 4305, 3013);
      await estate.say(backup, "last");
      await backup.run(`BACKUP LOG mgc TO ${log("tail")} WITH NORECOVERY`);
      await primary.refused(apply("tail"), 4305, 3013);
      // msdb of the backup knows the foreign set: the product applies it in its place.
      const restored = stepOf(await estate.decide(), "F4").statements.map(({ text }) => /(\w+)\.trn/.exec(text)?.[1]);
      assert.deepEqual(restored.slice(0, 3), ["foreign", "three", "tail"]);
      // Its history is deleted: a link that nobody knows of is missing.
      await backup.run(
        `DELETE msdb.dbo.backupset WHERE media_set_id IN (SELECT media_set_id FROM msdb.dbo.backupmediafamily
         WHERE physical_device_name LIKE N'%foreign.trn')`,
      );
      const stopped = await estate.decide();
      assert.ok(stopped.findings.some(({ id }) => id === "log-chain"));
      assert.equal(refusalOf(stopped, "F1")?.code, "PREFLIGHT_FAILED");
      for (const round of ["foreign", "three"]) await primary.run(apply(round));
      await primary.run(`RESTORE LOG mgc FROM ${log("tail")} WITH RECOVERY`);
      assert.deepEqual(await estate.said(primary), ["before", "one", "two", "foreign", "three", "last"]);
      const { authority } = await estate.decide();
      assert.deepEqual([authority.number, authority.outcome], [24, "primary"]);
    },
  ),
  story(
    {
      number: "K8",
      certainty: "well known",
      source: "",
      title: "a dead primary comes back with its backup job: a log of the old fork in the share; authority is unclear",
    },
    async (estate) => {
      await estate.steady();
      const { primary, backup } = estate;
      await primary.run(`EXEC msdb.dbo.sp_add_jobschedule @job_name = N'${JOBS.backup}', @name = N'quarter',
        @freq_type = 4, @freq_interval = 1, @freq_subday_type = 4, @freq_subday_interval = 15`);
      // The outage: only what was shipped is on the backup, which takes over.
      await primary.agent.stop();
      await estate.say(primary, "private");
      await backup.run("EXEC master.dbo.sp_delete_log_shipping_secondary_database @secondary_database = N'mgc'");
      await backup.run("RESTORE DATABASE mgc WITH RECOVERY");
      for (const text of ["after", "and after"]) await estate.say(backup, text);
      const logs = (): Promise<readonly string[]> =>
        Promise.resolve(readdirSync(estate.files.shareDirectory(SHARE)).filter((name) => name.endsWith(".trn")));
      const before = new Set(await logs());
      await primary.agent.start();
      const found = await until(logs, (names) => names.some((name) => !before.has(name)));
      await primary.agent.stop();
      const [name] = found.filter((one) => !before.has(one));
      const [header] = await backup.run(`RESTORE HEADERONLY FROM DISK = N'${SHARE}\\${String(name)}'`);
      const fork = "SELECT recovery_fork_guid AS f FROM sys.database_recovery_status WHERE database_id = DB_ID(N'mgc')";
      assert.equal(header?.["RecoveryForkID"], (await primary.row(fork))["f"]);
      assert.notEqual(header?.["RecoveryForkID"], (await backup.row(fork))["f"]);
      await backup.refused(`RESTORE LOG mgc FROM DISK = N'${SHARE}\\${String(name)}' WITH NORECOVERY`, 3117, 3013);
      const { authority } = await estate.decide();
      assert.deepEqual([authority.number, authority.code, authority.allows], [11, "P_HAS_PRIVATE_TAIL", []]);
    },
    FAST,
  ),
  story(
    {
      number: "K14",
      certainty: "assumed",
      source: "",
      title: "the backup's clock an hour back, an hour of summer time repeated: the product decides the same",
    },
    () => decidesTheSame(),
  ),
  story(
    {
      number: "K10",
      certainty: "documented",
      source: cite("errors3000"),
      title: "chat servers on the fenced backup: 3906, no client is told stored, every message of the ledger is there",
    },
    async (estate) => {
      await estate.failedOver();
      const { backup } = estate;
      const rooms = ROOMS.map((room) => `(${String(room)}, 0)`).join(", ");
      await backup.run(`DELETE mgc.dbo.tblLastChatId; INSERT mgc.dbo.tblLastChatId VALUES ${rooms}`);
      await chatting(estate, 100, async (chat) => {
        const report = (): Promise<ChatReport> => chat.report();
        await until(report, ({ stored }) => stored > 5);
        await backup.run("ALTER DATABASE mgc SET READ_ONLY WITH ROLLBACK IMMEDIATE");
        const readOnly = /Failed to update database "mgc" because the database is read-only/;
        const refused = ({ downtime }: ChatReport): boolean => readOnly.test(downtime.at(-1)?.reason ?? "");
        const { stored } = await until(report, refused);
        const turnedAway = (seen: ChatReport): number => seen.downtime.at(-1)?.refused ?? 0;
        const first = turnedAway(await report());
        const later = await until(report, (seen) => turnedAway(seen) > first + 5);
        assert.equal(later.stored, stored);
        assert.deepEqual(later.pools[0]?.lost, []);
      });
    },
  ),
  story(
    {
      number: "K12",
      certainty: "well known",
      source: "",
      title: "CATCH around RESTORE sees 3013 alone; a driver has 3101 in precedingErrors, and the product tells that",
    },
    async (estate) => {
      await estate.failedOver();
      const { primary } = estate;
      const inside = primary.instance.openInternalSession("DCI\\administrator", "test", "mgc");
      const restore = `RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\SQL-P1.bak' WITH REPLACE`;
      const caught = await primary.ask(`BEGIN TRY ${restore} END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n END CATCH`);
      assert.deepEqual([caught.errors, caught.sets.at(-1)], [[], [{ n: 3013 }]]);
      const thrown = await estate.connected(primary, (client) =>
        client.batch(restore, { doing: "RESTORE DATABASE [mgc]" }).then(
          () => assert.fail("the restore went through"),
          (error: unknown) => error,
        ),
      );
      assert.ok(thrown instanceof DrError);
      assert.equal(thrown.number, 3101);
      const driver = thrown.cause as {
        readonly number: number;
        readonly precedingErrors: readonly { number: number }[];
      };
      assert.deepEqual([driver.number, driver.precedingErrors.map((error) => error.number)], [3013, [3101]]);
      inside.close();
    },
  ),
  story(
    {
      number: "K15",
      certainty: "well known",
      source: cite("errors0"),
      title: "the chat servers' login has another sid on the primary: 916 after F4; the product finds it before F1",
    },
    async (estate) => {
      await estate.failedOver({}, "0x00112233445566778899AABBCCDDEEFF");
      await chatting(estate, 0, async () => {
        const plan = await estate.decide();
        const [found] = plan.findings.filter(({ id }) => id === "logins");
        assert.match(found?.message ?? "", /^SQL-P1 has no login with the sid of pchatsvc .* chat servers log in so/);
        assert.equal(refusalOf(plan, "F1")?.code, "PREFLIGHT_FAILED");
      });
      await estate.fencedSet("f3.bak");
      await estate.restored("f3.bak");
      const { primary } = estate;
      const chat = primary.instance.openInternalSession(CHAT.user, "Lync Persistent Chat");
      assert.deepEqual((await primary.ask("USE mgc", chat)).errors, [916]);
    },
  ),
];

/** Three estates with one history; the clocks of two of them jump between the backup's two full sets. */
async function decidesTheSame(): Promise<void> {
  const clocks: readonly ((hasJumped: () => boolean) => Partial<InstanceOptions>)[] = [
    () => ({}),
    (hasJumped) => ({ utcTime: () => Date.now() - (hasJumped() ? HOUR : 0) }),
    (hasJumped) => ({ utcOffsetMinutes: () => (hasJumped() ? 60 : 120) }),
  ];
  const decisions: unknown[] = [];
  for (const clock of clocks) {
    const estate = new ProductEstate();
    let jumped = false;
    try {
      await estate.failedOver(clock(() => jumped));
      const { primary, backup } = estate;
      await backup.run(`BACKUP DATABASE mgc TO DISK = N'${SHARE}\\older.bak' WITH CHECKSUM`);
      jumped = true;
      await estate.say(backup, "between");
      await estate.fencedSet("f3.bak");
      await estate.restored("f3.bak");
      const made = [await decision(estate)];
      await primary.run(`BACKUP DATABASE mgc TO DISK = N'${SHARE}\\seed.bak'`);
      await backup.run(`RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\seed.bak' WITH REPLACE, NORECOVERY`);
      made.push(await decision(estate));
      decisions.push(made);
    } finally {
      await estate.dispose();
    }
  }
  const [usual, ...others] = decisions;
  for (const other of others) assert.deepEqual(other, usual);
  assert.deepEqual(
    (usual as { row: number }[]).map(({ row }) => row),
    [20, 41],
  );
}
