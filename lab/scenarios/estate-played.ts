/** What a scenario acts on: the played pools, their instances and machines, shares and the management store. */
import type { InstanceDescription } from "../control-commands";
import type { Session } from "../tds/backend";
import type { Database } from "../server/database";
import type { DatabaseType } from "../lync/database-roles";
import type { DatabaseFolders } from "../lync/managed-estate";
import type { PoolTopology } from "../lync/topology";
import type { WireValue } from "../control-protocol";

/** An instance on its Windows host. */
export interface PlayedHost {
  readonly name: string;
  /** The Windows host's name: several instances may share it. */
  readonly machine: string;
  readonly site: InstanceDescription["site"];
  /** Where SQL Server puts new files unless told otherwise. */
  readonly defaultFolders: DatabaseFolders;
  readonly isRunning: boolean;
  /** A session of the DBA: sysadmin, in the database. @param program its program name, "Lab scenario" by default */
  open(database?: string, program?: string): Promise<Session>;
  /** The database by name; undefined when there is none. For what T-SQL has no statement for (bulk load). */
  database(name: string): Database | undefined;
  /** The machine goes down. @param silent its port takes connections and never answers, as behind a dead line */
  stop(silent?: boolean): Promise<void>;
  /** Starts it on what its disks hold. */
  start(): Promise<void>;
  /** Takes everything from a stopped machine's disks: started again it is a new one, with the lab's logins. */
  wipe(): void;
}

/** The instances that hold the copies of one database. */
export interface PlayedStores {
  readonly primary: PlayedHost;
  readonly mirror?: PlayedHost;
  readonly backup: PlayedHost;
  readonly backupMirror?: PlayedHost;
}

/** A pool with its instances. */
export interface PlayedPool {
  readonly topology: PoolTopology;
  /** The folder of this machine that plays the backup share. */
  readonly shareDirectory: string;
  /** Instances of mgc. */
  readonly content: PlayedStores;
  /** Instances of mgccomp; absent: compliance is off. */
  readonly compliance?: PlayedStores;
}

/** What every scenario is given. */
export interface PlayedEstate {
  readonly pools: readonly PlayedPool[];
  /** Every instance, those of all pools. */
  readonly instances: readonly PlayedHost[];
  /** Size of mgc's data file with its rows, in bytes. */
  readonly databaseBytes: number;
  /** Login that chat servers use: owner of both databases. */
  readonly chatLogin: string;
  /** Runs a cmdlet as an administrator on the management host. Throws when it fails. */
  cmdlet(name: string, parameters: Readonly<Record<string, WireValue>>): Promise<void>;
  /** Folder of this machine that plays a folder of a host. */
  folder(host: string, path: string): string;
  /** Turns machines of the topology (chat servers) off without warning. */
  machinesOff(machines: readonly string[]): Promise<void>;
  /** Turns them on, with the configuration that they had until replication reaches them, or as new machines. */
  machinesOn(machines: readonly string[], are: "old" | "new"): void;
  /** A share that is off answers "The network path was not found." (53). */
  shareAnswers(share: string): boolean;
  shareOff(share: string): void;
  shareOn(share: string): void;
  /** Makes a new, empty share of it, with the folders that an administrator makes. */
  emptyShare(share: string): void;
  /** Tells what is being done. */
  say(line: string): void;
}

/** A database of a pool with its instances. */
export interface PlayedDatabase {
  readonly type: DatabaseType;
  readonly name: string;
  readonly stores: PlayedStores;
}

/** The databases that a pool has, content first. */
export function databasesOf({ topology, content, compliance }: PlayedPool): readonly PlayedDatabase[] {
  const { databases } = topology;
  const chat = { type: "PersistentChat", name: databases.content, stores: content } as const;
  if (compliance === undefined) return [chat];
  return [chat, { type: "PersistentChatCompliance", name: databases.compliance, stores: compliance }];
}

/** Instances of a pool in one site, each once. */
export function siteInstances(pool: PlayedPool, site: "primary" | "backup"): readonly PlayedHost[] {
  const found = databasesOf(pool).flatMap(({ stores }) =>
    site === "primary" ? [stores.primary, stores.mirror] : [stores.backup, stores.backupMirror],
  );
  return [...new Set(found.filter((host) => host !== undefined))];
}

/** FQDNs of a pool's machines in one site. */
export function siteMachines({ topology }: PlayedPool, site: "primary" | "backup"): readonly string[] {
  return topology.machines.filter((machine) => machine.site === site).map(({ fqdn }) => fqdn);
}
