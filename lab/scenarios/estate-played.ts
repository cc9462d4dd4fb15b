/** What a scenario acts on: the played pools, their instances and the management store. */
import type { InstanceDescription } from "../control-commands";
import type { Session } from "../tds/backend";
import type { Database } from "../server/database";
import type { PoolTopology } from "../lync/topology";
import type { WireValue } from "../control-protocol";

/** An instance on its Windows host. */
export interface PlayedHost {
  readonly name: string;
  readonly site: InstanceDescription["site"];
  /** `TCP://sql-p1.dci.discovery.com:5022` */
  readonly mirroringAddress: string;
  readonly isRunning: boolean;
  /** A session of the DBA: sysadmin, in the database. */
  open(database?: string): Promise<Session>;
  /** The database by name; undefined when there is none. For what T-SQL has no statement for (bulk load). */
  database(name: string): Database | undefined;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Makes a new, empty machine of it: no database, no history, no jobs; the lab's logins are there. Starts it. */
  rebuild(): Promise<void>;
}

/** A pool with its four instances. */
export interface PlayedPool {
  readonly topology: PoolTopology;
  /** UNC name of the backup share, and the folder of this machine that plays it. */
  readonly share: string;
  readonly shareDirectory: string;
  readonly primary: PlayedHost;
  readonly mirror: PlayedHost;
  readonly backup: PlayedHost;
  readonly backupMirror: PlayedHost;
}

/** What every scenario is given. */
export interface PlayedEstate {
  readonly pools: readonly PlayedPool[];
  /** Size of mgc's data file with its rows, in bytes. */
  readonly databaseBytes: number;
  /** Login that chat servers use: owner of both databases. */
  readonly chatLogin: string;
  /** Runs a cmdlet as an administrator on the management host. Throws when it fails. */
  cmdlet(name: string, parameters: Readonly<Record<string, WireValue>>): Promise<void>;
  /** Folder of this machine that plays a folder of a host. */
  folder(host: string, path: string): string;
  /** Tells what is being done. */
  say(line: string): void;
}

/** The copy folder on every host that may be a log shipping secondary. */
export const COPY_FOLDER = "D:\\LSCopy";
export const CONTENT_DATABASE = "mgc";
export const COMPLIANCE_DATABASE = "mgccomp";
