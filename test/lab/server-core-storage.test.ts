import assert from "node:assert/strict";
import type { InstanceCore } from "../../lab/server/instance-core";
import type { Database } from "../../lab/server/database";
import type { ColumnDefinition } from "../../lab/server/storage/definitions";
import { TransactionScope } from "../../lab/server/storage/transaction";
import { CalendarTime, Decimal, Variant, type SqlValue } from "../../lab/tsql/values";
import { CoreEstate, heard, makeChat, refused, rows, say } from "./server-core-estate";

describe("lab: storage of a database", () => {
  let estate: CoreEstate;
  let core: InstanceCore;
  let mgc: Database;

  beforeEach(async () => {
    estate = new CoreEstate();
    core = estate.start("SQL-P1");
    mgc = await makeChat(core);
  });

  afterEach(() => {
    estate.dispose();
  });

  it("gives every value back without loss", async () => {
    const columns: [ColumnDefinition["type"], SqlValue][] = [
      [{ name: "bit" }, 1],
      [{ name: "int" }, -2_147_483_648],
      [{ name: "bigint" }, -9_223_372_036_854_775_808n],
      [{ name: "float" }, 0.1],
      [{ name: "float" }, 3],
      [{ name: "numeric", precision: 38, scale: 4 }, new Decimal(-(10n ** 37n) + 1n, 4)],
      [{ name: "datetime" }, new CalendarTime(735_000, 863_999_970_000)],
      [{ name: "datetimeoffset", scale: 7 }, new CalendarTime(735_000, 1, -330)],
      [{ name: "nvarchar", length: "max" }, "a\u0000b \ud83d\ude00 'ß"],
      [{ name: "nvarchar", length: 10 }, "lone \ud800"],
      [{ name: "varbinary", length: 4 }, new Uint8Array([0, 255, 1])],
      [{ name: "uniqueidentifier" }, "6F9619FF-8B86-D011-B42D-00C04FC964FF"],
      [{ name: "sql_variant" }, new Variant({ name: "bigint" }, 5n)],
      [{ name: "sql_variant" }, new Variant({ name: "varbinary", length: 2 }, new Uint8Array([1, 2]))],
      [{ name: "sql_variant" }, new Variant({ name: "float" }, 1e300)],
      [{ name: "sql_variant" }, null],
    ];
    await mgc.write((scope) => {
      mgc.createTable(scope, {
        schema: "dbo",
        name: "every",
        columns: columns.map(([type], index) => ({ name: `c${String(index)}`, type, nullable: true })),
        keys: [],
      });
      mgc.table(scope, "dbo", "every")?.insert(columns.map(([, value]) => value));
    });
    core = estate.restart("SQL-P1");
    const table = core.require("mgc").table(new TransactionScope(0), "DBO", "EVERY");
    assert.ok(table);
    assert.deepEqual(
      [...table.scan()].map((row) => row.map(plain)),
      [columns.map(([, value]) => plain(value))],
    );
    const some = [...table.scan(new Set([2]))][0];
    assert.equal(some?.[2], -9_223_372_036_854_775_808n);
    assert.equal(some[8], null, "columns that are not needed are not read");
  });

  it("refuses NULLs and duplicates as SQL Server compares, and fills defaults", async () => {
    await mgc.write((scope) => {
      mgc.createTable(scope, {
        schema: "dbo",
        name: "tblNode",
        columns: [
          { name: "name", type: { name: "nvarchar", length: 50 }, nullable: true },
          { name: "rank", type: { name: "int" }, nullable: false, default: { constraint: "DF_rank", text: "7" } },
          { name: "place", type: { name: "int" }, nullable: false },
        ],
        keys: [
          { name: "UQ_name", kind: "unique", columns: [0], clustered: false },
          { name: "IX_place", kind: "unique index", columns: [2], clustered: false },
        ],
      });
    });
    const add = (...values: (SqlValue | undefined)[]): Promise<unknown> =>
      mgc.write((scope) => mgc.table(scope, "dbo", "tblNode")?.insert(values));
    await add("Root", undefined, 1);
    await refused(add("ROOT ", undefined, 2), 2627);
    await refused(add("other", undefined, 1), 2601);
    await refused(add("other", undefined, undefined), 515);
    await add(null, undefined, 3);
    await refused(add(null, undefined, 4), 2627);
    const table = mgc.table(new TransactionScope(0), "dbo", "tblNode");
    assert.deepEqual(
      [...(table?.scan() ?? [])],
      [
        ["Root", 7, 1],
        [null, 7, 3],
      ],
    );
  });

  it("shows a session its own rows, others what is committed, and undoes a statement alone", async () => {
    const writer = new TransactionScope(51);
    await writer.enlist(mgc);
    writer.begin();
    const table = mgc.table(writer, "dbo", "tblChat");
    assert.ok(table);
    writer.beginStatement();
    table.insert([undefined, 1, "mine"]);
    writer.endStatement(true);
    writer.beginStatement();
    table.insert([undefined, 1, "undone"]);
    writer.endStatement(false);
    assert.deepEqual(
      rows(mgc, writer).map((row) => row[2]),
      ["mine"],
    );
    assert.deepEqual(heard(mgc), []);
    writer.commit();
    assert.deepEqual(heard(mgc), ["mine"]);
    writer.begin();
    await writer.enlist(mgc);
    mgc.table(writer, "dbo", "tblChat")?.insert([undefined, 1, "gone"]);
    mgc.createTable(writer, {
      schema: "dbo",
      name: "t",
      columns: [{ name: "a", type: { name: "int" }, nullable: true }],
      keys: [],
    });
    writer.rollback();
    assert.deepEqual(heard(mgc), ["mine"]);
    assert.equal(mgc.table(writer, "dbo", "t"), undefined);
    await say(mgc, "next");
    assert.deepEqual(
      rows(mgc).map((row) => row[0]),
      [1n, 4n],
      "identity values are not given back",
    );
  });

  it("lets one session write at a time: 1222 after LOCK_TIMEOUT, 1205 in a circle", async () => {
    const other = await makeChat(core, "mgccomp");
    const one = new TransactionScope(51);
    const two = new TransactionScope(52);
    one.begin();
    two.begin();
    await one.enlist(mgc);
    await two.enlist(other);
    two.lockTimeout = 0;
    await refused(two.enlist(mgc), 1222);
    await refused(() => {
      two.enlistNow(mgc);
    }, 1222);
    two.lockTimeout = -1;
    const waits = one.enlist(other);
    await refused(two.enlist(mgc), 1205);
    two.rollback();
    await waits;
    const waiting = two.enlist(mgc);
    one.commit();
    await waiting;
    two.rollback();
  });

  it("keeps databases, options and states through a restart", async () => {
    await mgc.setOptions({ isReadOnly: true, recoveryModel: "BULK_LOGGED" });
    const other = await makeChat(core, "other");
    core.setOffline(other);
    mgc.rename("renamed");
    const { createDate, databaseGuid } = mgc;
    core = estate.restart("SQL-P1");
    assert.deepEqual(
      core.databases.map(({ id, name, state }) => [id, name, state]),
      [
        [1, "master", "ONLINE"],
        [2, "tempdb", "ONLINE"],
        [3, "model", "ONLINE"],
        [4, "msdb", "ONLINE"],
        [5, "renamed", "ONLINE"],
        [6, "other", "OFFLINE"],
      ],
    );
    const again = core.require("Renamed");
    assert.deepEqual([again.createDate, again.databaseGuid], [createDate, databaseGuid]);
    assert.deepEqual([again.isReadOnly, again.options.recoveryModel], [true, "BULK_LOGGED"]);
    core.setOnline(core.require("other"));
    assert.deepEqual(heard(core.require("other")), []);
    await refused(() => core.createDatabase({ name: "OTHER", ownerSid: "01" }), 1801);
    await refused(() => {
      core.dropDatabase("nothing", 51);
    }, 3701);
    estate.sessions.set("SQL-P1 other", [51]);
    await refused(() => {
      core.dropDatabase("other", 51);
    }, 3702);
    estate.sessions.clear();
    core.dropDatabase("other", 51);
    assert.equal(core.database("other"), undefined);
  });

  it("is RECOVERY_PENDING when its file cannot be opened", () => {
    estate.files.deny({ host: "SQL-P1", account: "DCI\\svc-sql-p1", path: "D:\\SQLData", access: "write" });
    core = estate.restart("SQL-P1");
    assert.equal(core.require("mgc").state, "RECOVERY_PENDING");
    assert.equal(core.require("mgc").recovery, undefined);
    estate.files.allow({ host: "SQL-P1" });
    core.setOnline(core.require("mgc"));
    assert.equal(core.require("mgc").state, "ONLINE");
  });
});

function plain(value: SqlValue): unknown {
  if (value instanceof Uint8Array) return [...value];
  return value instanceof Variant ? { type: value.type, value: plain(value.value) } : value;
}
