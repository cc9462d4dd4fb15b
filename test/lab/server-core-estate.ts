/** Instances without wire and language for the tests of the server's core: folders below a temporary directory. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../../lab/server/database";
import { InstanceCore, SA_SID } from "../../lab/server/instance-core";
import type { Requester } from "../../lab/server/backup/request";
import type { NewRow } from "../../lab/server/storage/definitions";
import { TransactionScope } from "../../lab/server/storage/transaction";
import { SqlError } from "../../lab/tsql/errors";
import type { Row } from "../../lab/tsql/values";
import { WindowsFiles } from "../../lab/windows/files";

export const SHARE = "\\\\files.dci.discovery.com\\lslogs";

/** One requester with the messages it was told. */
export interface Asker extends Requester {
  readonly told: { number: number; text: string }[];
}

export function asker(options: Partial<Pick<Requester, "signal" | "currentDatabase" | "sessionId">> = {}): Asker {
  const told: { number: number; text: string }[] = [];
  return {
    sessionId: options.sessionId ?? 51,
    userName: "DCI\\administrator",
    sid: SA_SID,
    currentDatabase: options.currentDatabase ?? "master",
    signal: options.signal ?? new AbortController().signal,
    told,
    message: ({ number, text }) => told.push({ number, text }),
  };
}

/** The instances of one test, with sessions and disk speed that the test sets. */
export class CoreEstate {
  readonly directory = mkdtempSync(join(tmpdir(), "server-core-"));
  readonly files = new WindowsFiles(this.directory, [SHARE]);
  readonly instances = new Map<string, InstanceCore>();
  /** Sessions per "INSTANCE database". */
  readonly sessions = new Map<string, number[]>();
  transferred: (bytes: number) => Promise<void> = () => Promise.resolve();

  start(name: string, major = 11): InstanceCore {
    const host = name;
    for (const folder of ["D:\\SQLData", "E:\\SQLLog", "D:\\LSCopy"]) this.files.makeFolder(host, folder);
    const endpoint = (server: string): string => `TCP://${server.toLowerCase()}.dci.discovery.com:5022`;
    const core = InstanceCore.start({
      files: this.files,
      host,
      engineAccount: `DCI\\svc-${name.toLowerCase()}`,
      serverName: name,
      version: { major, minor: 0, build: 7001 },
      systemFolder: "C:\\MSSQL\\DATA",
      defaultDataPath: "D:\\SQLData",
      defaultLogPath: "E:\\SQLLog",
      evaluateDefault: (_, text) => Number(text),
      checkTest: () => () => null,
      sessionsIn: (database: Database) => this.sessions.get(`${name} ${database.name}`) ?? [],
      endSessions: (database: Database) => {
        this.sessions.delete(`${name} ${database.name}`);
        return Promise.resolve();
      },
      transferred: (bytes) => this.transferred(bytes),
      partner: (address) => [...this.instances].find(([server]) => endpoint(server) === address)?.[1],
      endpointAddress: endpoint(name),
    });
    this.instances.set(name, core);
    for (const one of this.instances.values()) if (!one.isStopped) one.reconnectPartners();
    return core;
  }

  /** Stops the instance as the end of its process would, and starts it again on the same files. */
  restart(name: string): InstanceCore {
    this.instances.get(name)?.stop();
    return this.start(name);
  }

  address(name: string): string {
    return `TCP://${name.toLowerCase()}.dci.discovery.com:5022`;
  }

  dispose(): void {
    for (const core of this.instances.values()) core.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** mgc with one table: id bigint identity primary key, room int, content nvarchar. */
export async function makeChat(core: InstanceCore, name = "mgc"): Promise<Database> {
  const database = core.createDatabase({ name, ownerSid: SA_SID });
  await database.write((scope) =>
    database.createTable(scope, {
      schema: "dbo",
      name: "tblChat",
      columns: [
        {
          name: "chatId",
          type: { name: "bigint" },
          nullable: false,
          identity: true,
          generated: { seed: 1n, increment: 1n },
        },
        { name: "channelId", type: { name: "int" }, nullable: false },
        { name: "content", type: { name: "nvarchar", length: "max" }, nullable: true },
      ],
      keys: [{ name: "PK_tblChat", kind: "primary key", columns: [0], clustered: true }],
    }),
  );
  return database;
}

export async function say(database: Database, ...texts: string[]): Promise<void> {
  await database.write((scope) => {
    for (const text of texts) database.table(scope, "dbo", "tblChat")?.insert([undefined, 1, text]);
  });
}

export function* manyRows(count: number, text: string): Iterable<NewRow> {
  for (let index = 0; index < count; index += 1) yield [undefined, index % 7, `${text} ${String(index)}`];
}

/** The texts in the table, as a session that reads sees them. */
export function heard(database: Database): string[] {
  database.assertUsable();
  return rows(database).map((row) => row[2] as string);
}

export function rows(database: Database, scope = new TransactionScope(0)): Row[] {
  const table = database.table(scope, "dbo", "tblChat");
  assert.ok(table, "tblChat is there");
  return [...table.scan()];
}

/** Expects SqlErrors with these numbers, the cause first. */
export async function refused(work: Promise<unknown> | (() => unknown), ...numbers: number[]): Promise<void> {
  try {
    await (typeof work === "function" ? work() : work);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    assert.deepEqual(
      [error, ...error.followers].map((one) => one.number),
      numbers,
      error.message,
    );
    return;
  }
  assert.fail(`expected ${numbers.join(", ")}, but the statement succeeded`);
}
