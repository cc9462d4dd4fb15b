/** What cmdlets reach beyond the store: SQL Servers of the topology, disks of their hosts, the chat service. */
import { ConsoleError, runUntil } from "../scenarios/sql-console";
import type { ConsoleResult } from "../scenarios/sql-console";
import type { PlayedHost } from "../scenarios/estate-played";
import { type CmdletFailure, failure } from "../shell/error-record";
import type { DatabaseType } from "./database-roles";
import type { Caller, ManagementStore } from "./management-store";
import type { PoolTopology, SqlStore } from "./topology";

/** Two messages between two users of a chat pool, sent and read through its servers. */
export interface ExchangeRequest {
  /** FQDN of the pool. */
  readonly pool: string;
  /** `sip:user@domain` */
  readonly sender: string;
  readonly receiver: string;
  /** Name of the room; absent: any. */
  readonly room?: string;
}

export interface ManagedEstate {
  /** The instance that plays a store, running or not; undefined for a server that the lab does not play. */
  instance(store: SqlStore): PlayedHost | undefined;
  /** Whether a machine of the topology is without power. */
  isOff(machine: string): boolean;
  /** Whether a service (its key name) of a machine was stopped by hand. */
  isServiceStopped(machine: string, key: string): boolean;
  /** Starts or stops a service; resolves when it is so. */
  setService(machine: string, key: string, running: boolean): Promise<void>;
  /** Makes a folder on a host's disk, as a remote administrator may. */
  makeFolder(machine: string, path: string): void;
  /** Installs an empty database of a pool. Throws ConsoleError. */
  install(
    database: { readonly type: DatabaseType; readonly name: string },
    host: PlayedHost,
    pool: PoolTopology,
    folders?: DatabaseFolders,
  ): Promise<void>;
  /** Exchanges messages. Throws Error that says which step failed. */
  exchange(request: ExchangeRequest): Promise<void>;
}

/** Folders of a database's files on its host; absent: SQL Server's defaults. */
export interface DatabaseFolders {
  readonly data: string;
  readonly log: string;
}

/** Program name of the cmdlets' sessions. */
const PROGRAM = "Lync Management Shell";

/** The failure of a deployment cmdlet. Assumed: its identifier and first words are known from reports, not from a page. */
export function processingFailed(message: string): CmdletFailure {
  return failure(
    "ProcessingFailed",
    "InvalidOperation",
    "System.InvalidOperationException",
    `Command execution failed: ${message}`,
  );
}

/** The estate behind a store. Throws where a store stands alone, as in a test of the store. */
export function estateOf(store: ManagementStore): ManagedEstate {
  if (store.estate !== undefined) return store.estate;
  throw processingFailed("No SQL Server of the topology can be reached from this store.");
}

/** What SqlClient says when nobody listens. */
function unreachable(store: SqlStore): CmdletFailure {
  return processingFailed(
    `A network-related or instance-specific error occurred while establishing a connection to SQL Server "${serverName(store)}". The server was not found or was not accessible. Verify that the instance name is correct and that SQL Server is configured to allow remote connections.`,
  );
}

/** `fqdn` or `fqdn\instance`, as the cmdlets print a SQL Server. */
export function serverName(store: SqlStore): string {
  const instance = instanceName(store);
  return instance === "" ? store.fqdn : `${store.fqdn}\\${instance}`;
}

/** Name of the instance on its server; "" = the default instance. */
export function instanceName({ instance }: SqlStore): string {
  return instance.split("\\")[1] ?? "";
}

/** A running instance. Throws the failure of a connection. */
export function reach(estate: ManagedEstate, store: SqlStore): PlayedHost {
  const host = estate.instance(store);
  if (host?.isRunning !== true) throw unreachable(store);
  return host;
}

/**
 * Runs batches on an instance, each while the caller's shell lives. Throws CmdletFailure with all messages of the batch
 * that failed, as SqlException joins them.
 */
export async function execute(
  host: PlayedHost,
  caller: Caller,
  ...batches: readonly string[]
): Promise<readonly ConsoleResult[]> {
  try {
    return await runUntil(caller.signal, host.name, () => host.open("master", PROGRAM), ...batches);
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    throw processingFailed(error.messages.map(({ text }) => text).join("\r\n"));
  }
}
