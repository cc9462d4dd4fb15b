/** Both sites' instances with real chat databases, and what the product decides when it reads them over the wire. */
import { plan, type Plan } from "../../../estate/plan";
import type { InstanceObservation, InstanceRole } from "../../../estate/observation-types";
import { readInstance } from "../../../estate/observe-instance";
import { SqlServer } from "../../../estate/sql/connection";
import { poolDatabases } from "../../../lab/lync/database-roles";
import { estateTopology } from "../../../lab/lync/topology";
import { installDatabase } from "../../../lab/scenarios/databases";
import type { Instance, InstanceOptions } from "../../../lab/server/instance";
import { serve } from "../../../lab/tds/server";
import { desired, observation, shell } from "../../unit/support/estate";
import { AgentEstate, SHARE, type Server } from "../agent-estate";
import { registerPrimary, registerSecondary } from "../log-shipping-estate";

const LOGIN = { user: "pchatdr", password: "Product-1" } as const;
/** Login of the chat servers, and its password. */
export const CHAT = { user: "pchatsvc", password: "Chat-1" } as const;
/** One sid on every instance, as an installation of the pool gives it. */
const CHAT_SID = "0x5F0A1B2C3D4E5F60718293A4B5C6D7E8";
/** Node of the only room. */
export const ROOM = 10;

/** The instances of a pool's two sites. */
export class ProductEstate extends AgentEstate {
  primary!: Server;
  backup!: Server;
  readonly topology = estateTopology({ pools: 1, poolState: "FailedOver", administrators: [] });

  /**
   * The chat on the backup, an empty database on the rebuilt primary.
   * @param options of the backup's instance
   * @param sidOnPrimary sid of the chat servers' login there
   */
  async failedOver(options: Partial<InstanceOptions> = {}, sidOnPrimary = CHAT_SID): Promise<void> {
    this.backup = await this.#begin("SQL-B1", CHAT_SID, options);
    this.primary = await this.#begin("SQL-P1", sidOnPrimary);
    await this.#install(this.backup);
    await this.#install(this.primary);
    await this.#openRoom(this.backup);
  }

  /** The chat on the primary, its logs shipped to the backup by jobs without schedules. */
  async steady(): Promise<void> {
    this.primary = await this.#begin("SQL-P1", CHAT_SID);
    this.backup = await this.#begin("SQL-B1", CHAT_SID);
    await this.#install(this.primary);
    await this.#openRoom(this.primary);
    await this.primary.run(`BACKUP DATABASE mgc TO DISK = N'${SHARE}\\seed.bak'`);
    await this.backup.run(`RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\seed.bak' WITH NORECOVERY`);
    await this.primary.run(registerPrimary());
    await this.backup.run(registerSecondary());
  }

  /** A message of the room, as chat servers store it. */
  async say(server: Server, text: string): Promise<void> {
    await server.run(
      `UPDATE mgc.dbo.tblLastChatId SET lastChatID = lastChatID + 1 WHERE nodeID = ${String(ROOM)};
       INSERT mgc.dbo.tblChat (channelId, chatId, chatDate, userId, isAlert, content)
       SELECT nodeID, lastChatID, lastChatID, 1, 0, N'${text}' FROM mgc.dbo.tblLastChatId WHERE nodeID = ${String(ROOM)}`,
    );
  }

  /** Texts of the messages, in order. */
  async said(server: Server): Promise<readonly unknown[]> {
    return (await server.run("SELECT content FROM mgc.dbo.tblChat ORDER BY chatId")).map((row) => row["content"]);
  }

  /** F2b and F3: the fence, and the full set under it, in this file of the share. */
  async fencedSet(file: string): Promise<void> {
    await this.backup.run("ALTER DATABASE mgc SET READ_ONLY WITH ROLLBACK IMMEDIATE");
    await this.backup.run(`BACKUP DATABASE mgc TO DISK = N'${SHARE}\\${file}' WITH FORMAT, CHECKSUM`);
  }

  /** F4: that set over the primary's copy, opened. */
  async restored(file: string): Promise<void> {
    await this.primary.run(`RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\${file}' WITH REPLACE`);
    await this.primary.run("ALTER DATABASE mgc SET READ_WRITE");
  }

  /** What the product plans over what it reads of both instances; of the shell and the mirrors it is told. */
  async decide(): Promise<Plan> {
    const [primary, backup] = [await this.#read(this.primary, "primary"), await this.#read(this.backup, "backup")];
    return plan(observation({ primary, backup, shell: shell({ poolGuid: null }) }), desired());
  }

  /** The product's own client, connected to an instance while `use` runs. */
  async connected<Value>({ instance }: Server, use: (server: SqlServer) => Promise<Value>): Promise<Value> {
    return this.listening(instance, async (port) => {
      const server = new SqlServer(
        {
          ...LOGIN,
          server: instance.name,
          host: "127.0.0.1",
          port,
          instance: undefined,
          encrypt: false,
          trustServerCertificate: true,
          connectTimeoutSeconds: 15,
          requestTimeoutSeconds: 15,
        },
        { stack: "primary", run: "rules" },
      );
      try {
        return await use(server);
      } finally {
        await server.close();
      }
    });
  }

  /** The instance behind a port of its own while `use` runs. */
  async listening<Value>(instance: Instance, use: (port: number) => Promise<Value>): Promise<Value> {
    const listener = await serve(instance, { encryption: "notSupported" });
    try {
      return await use(listener.port);
    } finally {
      await listener.close();
    }
  }

  #read(server: Server, role: InstanceRole): Promise<InstanceObservation> {
    return this.connected(server, (client) => readInstance(client, desired().pool, role));
  }

  async #begin(name: string, chatSid: string, options: Partial<InstanceOptions> = {}): Promise<Server> {
    const server = await this.start(name, options);
    await server.run(
      `CREATE LOGIN ${LOGIN.user} WITH PASSWORD = N'${LOGIN.password}'; ALTER SERVER ROLE sysadmin ADD MEMBER ${LOGIN.user};
       CREATE LOGIN ${CHAT.user} WITH PASSWORD = N'${CHAT.password}', SID = ${chatSid}`,
    );
    return server;
  }

  async #openRoom(server: Server): Promise<void> {
    await server.run(`INSERT mgc.dbo.tblLastChatId (nodeID, lastChatID) VALUES (${String(ROOM)}, 0)`);
    await this.say(server, "before");
  }

  /** mgc and mgccomp as an installation leaves them, and a full backup, from which the log chain begins. */
  async #install(server: Server): Promise<void> {
    const { instance } = server;
    const host = {
      name: instance.name,
      defaultFolders: { data: String.raw`D:\SQLData`, log: String.raw`E:\SQLLog` },
      open: (database?: string) =>
        Promise.resolve(instance.openInternalSession("DCI\\administrator", "test", database)),
    };
    const [topology] = this.topology.pools;
    if (topology === undefined) throw new Error("the topology has no pool");
    for (const database of poolDatabases(topology)) await installDatabase(database, host, topology, CHAT.user);
    await server.run(`BACKUP DATABASE mgc TO DISK = N'${SHARE}\\${instance.name}.bak'`);
  }
}
