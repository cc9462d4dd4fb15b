import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection } from "tedious";
import { readAhead } from "../../lab/server/backup/read-ahead";
import { SteadyWriter } from "../../lab/server/backup/steady-writer";
import type { Instance } from "../../lab/server/instance";
import type { Session } from "../../lab/tds/backend";
import { serve, type TdsServer } from "../../lab/tds/server";
import { connect as logIn, run as runBatch, type Answer, Estate, PASSWORD, SHARE } from "./server-catalog-estate";
import { manyRows } from "./server-core-estate";
import { connect, eventually, run } from "./tds-clients";

const MIB = 2 ** 20;
/** Enough for several pieces of 4 MiB. */
const ROWS = 24_000;
const GOOD = `${SHARE}\\good.bak`;
const CUT = `${SHARE}\\cut.bak`;
const BACKUP = `BACKUP DATABASE mgc TO DISK = N'${CUT}' WITH FORMAT, CHECKSUM`;
const MOVE = "MOVE N'mgc' TO N'D:\\SQLData\\copy.mdf', MOVE N'mgc_log' TO N'E:\\SQLLog\\copy_log.ldf'";
const RESTORE = `RESTORE DATABASE copy FROM DISK = N'${GOOD}' WITH REPLACE, ${MOVE}`;
const COPY = `SELECT state_desc, (SELECT redo_start_lsn FROM sys.master_files WHERE name = N'mgc' AND database_id = DB_ID(N'copy')) AS redo
FROM sys.databases WHERE name = N'copy'`;

describe("lab: the bytes of a backup", () => {
  let estate: Estate;
  let instance: Instance;
  let server: TdsServer;
  let sa: Session;
  /** Of the batch that came over the wire last: aborted when the instance has learned of its end. */
  let signal: AbortSignal;
  /** What happens after each piece that was moved. */
  let moved: () => Promise<void> = () => Promise.resolve();

  before(async () => {
    estate = new Estate();
    instance = await estate.start("SQL-P1", { transferred: () => moved() });
    server = await serve(
      {
        name: instance.name,
        version: instance.version,
        login: async (request, connection) => {
          const session = await instance.login(request, connection);
          const batch = session.batch.bind(session);
          session.batch = (text, sink, given) => {
            signal = given;
            return batch(text, sink, given);
          };
          return session;
        },
      },
      { encryption: "notSupported" },
    );
    sa = await logIn(instance);
    await rows("CREATE DATABASE mgc");
    await rows(
      "USE mgc; CREATE TABLE dbo.tblChat (id int IDENTITY PRIMARY KEY, room int, content nvarchar(max)); USE master",
    );
    const mgc = instance.core.require("mgc");
    await mgc.bulkInsert("dbo", "tblChat", manyRows(ROWS, `needle ${"x".repeat(800)}`));
    await rows(`BACKUP DATABASE mgc TO DISK = N'${GOOD}' WITH FORMAT`);
  });

  after(async () => {
    await server.close();
    await estate.close();
  });

  afterEach(() => {
    moved = () => Promise.resolve();
  });

  async function rows(batch: string): Promise<Answer["rows"]> {
    return (await runBatch(sa, batch)).rows;
  }

  const fileOf = (path: string): string => instance.core.locate(path, "list").file;

  it("are the pages of the data file, and a restore puts them back", async () => {
    const data = statSync(fileOf("D:\\SQLData\\mgc.mdf")).size;
    const media = readFileSync(fileOf(GOOD));
    assert.ok(data > 16 * MIB && media.length > data, `${String(media.length)} of ${String(data)} bytes`);
    assert.ok(media.includes("needle") && media.includes(String(ROWS - 1)), "the rows' text is in the media");
    await rows(RESTORE);
    assert.equal(statSync(fileOf("D:\\SQLData\\copy.mdf")).size, data);
    const sum = "SELECT COUNT(*) AS n, SUM(CAST(LEN(content) AS bigint)) AS bytes FROM";
    assert.deepEqual(await rows(`${sum} copy.dbo.tblChat`), await rows(`${sum} mgc.dbo.tblChat`));
  });

  for (const [command, batch] of [
    ["BACKUP DATABASE", BACKUP],
    ["RESTORE DATABASE", RESTORE],
  ] as const)
    it(`move percent_complete and estimated_completion_time of ${command} as they move`, async () => {
      const seen: { readonly percent: number; readonly left: number }[] = [];
      moved = async () => {
        const [row] = (
          await runBatch(
            observer,
            `SELECT percent_complete AS p, estimated_completion_time AS e FROM sys.dm_exec_requests WHERE command = N'${command}'`,
          )
        ).rows;
        seen.push({ percent: Number(row?.["p"]), left: Number(row?.["e"]) });
      };
      const observer = await logIn(instance);
      await rows(batch);
      observer.close();
      const percents = seen.map(({ percent }) => percent);
      assert.ok(percents.length > 3, `${String(percents.length)} pieces`);
      assert.ok(
        percents.every((percent, index) => percent > (percents[index - 1] ?? 0)),
        percents.join(", "),
      );
      assert.equal(percents.at(-1), 100);
      assert.equal(seen.at(-1)?.left, 0);
      assert.ok(
        seen.slice(0, -1).every(({ left }) => left >= 0) && seen.some(({ left }) => left > 0),
        "time was left meanwhile",
      );
    });

  /** Ways in which a client's statement ends early, after its first piece. */
  const ends: Readonly<Record<string, (connection: Connection, id: number) => unknown>> = {
    attention: (connection) => connection.cancel(),
    KILL: (_, id) => rows(`KILL ${String(id)}`),
    "a lost connection": (connection) => connection.close(),
  };

  /** Runs a batch over the wire, ends it so after its first piece, and waits until the instance is done with it. */
  async function cut(batch: string, end: (connection: Connection, id: number) => unknown): Promise<void> {
    const connection = await connect(server.port, { requestTimeout: 0 }, { userName: "sa", password: PASSWORD });
    const id = Number((await run(connection, "SELECT @@SPID")).rows[0]?.[0]);
    let [pieces, goOn] = [0, (): void => undefined];
    const held = new Promise<void>((resolve) => (goOn = resolve));
    moved = () => {
      pieces += 1;
      return held;
    };
    const ended = run(connection, batch);
    await eventually("the first piece has moved", () => pieces > 0);
    const ending = end(connection, id);
    await eventually("the instance has learned of it", () => signal.aborted);
    goOn();
    await Promise.all([ended, ending]);
    await eventually("no request is left", () => instance.core.requests.length === 0);
    connection.close();
  }

  for (const [way, end] of Object.entries(ends)) {
    it(`leave, cut off by ${way}, a partial file, 3041 and no row in msdb; the database goes on`, async () => {
      const sets = "SELECT COUNT(*) AS n FROM msdb.dbo.backupset";
      const before = await rows(sets);
      const told = instance.errorLog.entries.length;
      await cut(BACKUP, end);
      assert.ok(statSync(fileOf(CUT)).size < statSync(fileOf(GOOD)).size);
      const [header] = await rows(`RESTORE HEADERONLY FROM DISK = N'${CUT}'`);
      assert.equal(header?.["BackupName"], "*** INCOMPLETE ***");
      assert.deepEqual(await rows(sets), before);
      const lines = instance.errorLog.entries.slice(told).filter(({ number }) => number === 3041);
      assert.equal(lines.length, 1);
      assert.match(lines[0]?.text ?? "", /^BACKUP failed to complete the command BACKUP DATABASE mgc\./);
      await rows("INSERT mgc.dbo.tblChat (room, content) VALUES (1, N'goes on')");
      await rows(BACKUP);
    });

    it(`leave, cut off by ${way}, a RESTORING copy without redo_start_lsn, which a full restore mends`, async () => {
      await rows(RESTORE);
      await cut(RESTORE, end);
      assert.deepEqual(await rows(COPY), [{ state_desc: "RESTORING", redo: null }]);
      await rows(RESTORE);
      assert.equal((await rows("SELECT COUNT(*) AS n FROM copy.dbo.tblChat"))[0]?.["n"], String(ROWS));
    });
  }
});

describe("lab: long reads and writes", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "bytes-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("reads pieces in two buffers, however many there are, and stops when nobody asks any more", async () => {
    const file = join(folder, "read");
    const piece = 1000;
    const handle = openSync(file, "w");
    for (let index = 0; index < 50; index += 1) writeSync(handle, Buffer.alloc(piece, index));
    writeSync(handle, Buffer.alloc(10, 50));
    closeSync(handle);
    const opened = await open(file, "r");
    try {
      const reads = Array.from({ length: 51 }, (_, index) => ({
        handle: opened,
        position: index * piece,
        length: piece,
      }));
      const memory = new Set<ArrayBufferLike>();
      let count = 0;
      for await (const bytes of readAhead(reads)) {
        memory.add(bytes.buffer);
        assert.equal(bytes.length, count < 50 ? piece : 10);
        assert.ok(bytes.every((byte) => byte === count));
        count += 1;
      }
      assert.deepEqual([count, memory.size], [51, 2]);
      for await (const bytes of readAhead(reads)) if (bytes[0] === 3) break;
    } finally {
      await opened.close();
    }
  });

  it("writes at most twice 64 MiB ahead of the disk", async () => {
    let [written, onDisk, most] = [0, 0, 0];
    const flushes: (() => void)[] = [];
    const slow = {
      write: (_bytes: Buffer, _offset: number, length: number) => {
        written += length;
        most = Math.max(most, written - onDisk);
        return Promise.resolve({ bytesWritten: length });
      },
      datasync: () => {
        const upTo = written;
        return new Promise<void>((resolve) =>
          flushes.push(() => {
            onDisk = upTo;
            resolve();
          }),
        );
      },
      sync: () => Promise.resolve(),
    } as unknown as FileHandle;
    const writer = new SteadyWriter(slow);
    const bytes = Buffer.alloc(4 * MIB);
    const work = (async () => {
      for (let index = 0; index < 64; index += 1) await writer.write(bytes, 0);
      await writer.end();
    })();
    let done = false;
    void work.then(() => (done = true));
    while (!done) {
      await new Promise(setImmediate);
      flushes.shift()?.();
    }
    assert.equal(written, 256 * MIB);
    assert.ok(most <= 128 * MIB, `${String(most / MIB)} MiB ahead`);
  });
});
