import { CoreEstate, asker, makeChat, say, manyRows, SHARE, rows } from "/work/main/test/lab/server-core-estate";
import { TransactionScope } from "/work/main/lab/server/storage/transaction";
(async () => {
  const e = new CoreEstate(); const b = e.start("SQL-B1"); const p = e.start("SQL-P1");
  const m = await makeChat(b);
  const t = (l: string, s: number) => console.log(l, Date.now() - s, "ms", Math.round(process.memoryUsage().rss/1e6)+" MB");
  let s = Date.now(); await m.bulkInsert("dbo", "tblChat", manyRows(320_000, "x".repeat(200))); t("bulk 64MiB", s);
  s = Date.now(); await b.backup({ kind: "database", database: "mgc", devices: [SHARE + "\\a.bak"], checksum: true, requester: asker() }); t("backup " + m.filePages(1) * 8192, s);
  s = Date.now(); await p.restoreDatabase({ database: "mgc", devices: [SHARE + "\\a.bak"], requester: asker(), recovery: "NORECOVERY" }); t("restore", s);
  s = Date.now(); for (let i = 0; i < 2000; i++) await say(m, "hello " + i); t("2000 commits", s);
  const sc = new TransactionScope(1); await sc.enlist(m); sc.begin(); s = Date.now();
  for (let i = 0; i < 20000; i++) m.table(sc, "dbo", "tblChat")!.insert([undefined, 1, "hello " + i]); sc.commit(); t("20000 inserts one tx", s);
  s = Date.now(); const n = rows(m).length; t("scan " + n, s);
  s = Date.now(); await b.backup({ kind: "log", database: "mgc", devices: [SHARE + "\\a.trn"], checksum: true, requester: asker() }); t("log backup", s);
  s = Date.now(); await p.restoreLog({ database: "mgc", devices: [SHARE + "\\a.trn"], requester: asker() }); t("log restore", s);
  s = Date.now(); await m.bulkInsert("dbo", "tblChat", manyRows(100_000, "x".repeat(200))); t("bulk 20MiB with chain", s);
  s = Date.now(); await b.backup({ kind: "log", database: "mgc", devices: [SHARE + "\\a.trn"], checksum: true, requester: asker() }); t("log backup of bulk", s);
  e.dispose();
})();
