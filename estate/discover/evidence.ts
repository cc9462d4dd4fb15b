/** What discovery has read of an estate, before anything is made of it. Plain values; names and texts in it are hostile. */
import type { DatabaseObservation, LogShippingPrimaryRow, LogShippingSecondaryRow } from "../observation-types";

/** Something that was read, or why it was not (never with a secret in it). */
export type Read<Value> =
  { readonly read: true; readonly value: Value } | { readonly read: false; readonly reason: string };

/** Where an instance is reached: a port, or an instance name for SQL Server Browser; neither is port 1433. */
export interface InstanceAddress {
  readonly host: string;
  readonly port?: number;
  readonly instance?: string;
}

/** An address to ask, and the store of the topology that the caller says is reached there. */
export interface AskedAddress {
  readonly address: InstanceAddress;
  readonly store?: string;
}

/** One pool as the Management Shell tells it. FQDNs lower case. */
export interface PoolTopology {
  readonly fqdn: string;
  /** Null where this version of the product does not tell them. */
  readonly activeServers: readonly string[] | null;
  /** Every computer of the pool (Get-CsPool). */
  readonly machines: Read<readonly string[]>;
  /** `Normal`, `FailedOver`, or what the product said instead. */
  readonly poolState: Read<string>;
  /** By property of Get-CsService -PersistentChatServer, e.g. `BackupPersistentChatDatabase: sql-b1.contoso.com`. */
  readonly stores: { readonly [property: string]: string };
}

/** What one instance says of itself. */
export interface InstanceAnswer {
  /** @@SERVERNAME; null after a rename without sp_addserver. */
  readonly serverName: string | null;
  /** Rows of mgc and mgccomp in sys.databases; a database that does not exist has none. */
  readonly databases: readonly DatabaseObservation[];
  /** Log shipping of mgc by this instance's msdb. */
  readonly shipping: Read<Registrations>;
}

/** Registrations of mgc as primary and as secondary. */
export interface Registrations {
  readonly logShippingPrimary: readonly LogShippingPrimaryRow[];
  readonly logShippingSecondary: readonly LogShippingSecondaryRow[];
}

/** An address that was asked; where no store was said, @@SERVERNAME decides. */
export interface InstanceReading extends AskedAddress {
  readonly answer: Read<InstanceAnswer>;
}

/** `sql-p1.contoso.com:1433`, `sql-p1.contoso.com\RTC`. */
export function addressText({ host, port, instance }: InstanceAddress): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return instance === undefined ? `${shown}:${String(port ?? 1433)}` : `${shown}\\${instance}`;
}
