/**
 * estate.json: what a lab's directory needs beside the hosts' disks to be played again after `down` or a kill: what it was
 * made of, its secrets, and what was off, denied or slow. Databases, store, ledger and journal have files of their own.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import type { LabState } from "./control-commands";
import type { SharedLogin } from "./daemon-instance";
import type { ClockRecord } from "./daemon-clock";
import { labFiles } from "./daemon-options";
import type { TopologyDocument } from "./topology/schema";
import type { Denial } from "./windows/files";

/** Format of the file; another one is not read. */
const FORMAT = 1;

export interface EstateRecord {
  readonly format: typeof FORMAT;
  readonly scenario: LabState;
  readonly pools: number;
  readonly topology?: TopologyDocument;
  readonly databaseBytes: number;
  /** Logins of every instance, the product's first; `sa` has a password of its own. */
  readonly logins: readonly SharedLogin[];
  readonly saPassword: string;
  readonly clock: ClockRecord;
  /** Instances that are stopped, and those of them whose port is silent. */
  readonly stopped: readonly string[];
  readonly silent: readonly string[];
  /** Instances that run without SQL Server Agent. */
  readonly withoutAgent: readonly string[];
  /** Bytes a second of slow disks, by instance. */
  readonly diskBytesPerSecond: Readonly<Record<string, number>>;
  /** FQDNs of chat servers without power. */
  readonly machinesOff: readonly string[];
  /** Windows services that were stopped by hand: machine and key name. */
  readonly stoppedServices: readonly string[];
  /** UNC names of shares that do not answer. */
  readonly sharesOff: readonly string[];
  readonly denials: readonly Denial[];
  /** Accounts that cannot log on: no service of theirs starts. */
  readonly lockedOut: readonly string[];
  readonly replicationDelayMs: number;
  /** Messages per second while chat runs; null while it does not. */
  readonly chatRate: number | null;
}

/** Writes it whole or not at all, and on the disk: a kill right after the answer must find it. Secrets are in it (0600). */
export function writeEstate(directory: string, record: Omit<EstateRecord, "format">): void {
  const file = labFiles(directory).estate;
  const handle = openSync(`${file}.new`, "w", 0o600);
  try {
    writeSync(handle, `${JSON.stringify({ format: FORMAT, ...record }, undefined, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(`${file}.new`, file);
}

/** The estate that lies in a directory; undefined when none was ever finished there, or another version wrote it. */
export function readEstate(directory: string): EstateRecord | undefined {
  let text: string;
  try {
    text = readFileSync(labFiles(directory).estate, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  const record = JSON.parse(text) as EstateRecord | { readonly format: unknown };
  return record.format === FORMAT ? (record as EstateRecord) : undefined;
}
