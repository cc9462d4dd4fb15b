/** What a daemon is started with, and where the lab's files lie. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { ScenarioName } from "./control-commands";
import type { TopologyDocument } from "./topology/schema";

/** Sent to the daemon on its standard input: a password is never on a command line or in an environment. */
export interface DaemonOptions {
  readonly scenario: ScenarioName;
  readonly directory: string;
  /** Control port; instances without a port of their own follow it: P1, P2, B1, B2, then those of the second pool. */
  readonly portBase: number;
  /** Number of pools of the lab's own estate; without meaning where `topology` is given. */
  readonly pools: number;
  /** A user's own estate. */
  readonly topology?: TopologyDocument;
  readonly databaseBytes: number;
  /** Of the login `pchatdr`. */
  readonly password: string;
  /** Whether clients write from the start (chat servers run in any case); messages per second of all of them. */
  readonly chat: boolean;
  readonly chatRate: number;
  /** Play the estate that lies in the directory; scenario, pools, databaseBytes and password are its own then. */
  readonly resume?: boolean;
  /** How many times faster than the machine's clock SQL Server Agent's runs. */
  readonly clockFactor: number;
}

/** Login of the product: sysadmin on every instance. */
export const PRODUCT_LOGIN = "pchatdr";
/** Password of `pchatdr` unless another is given; stacks/ hold it, encrypted. It protects nothing but the lab. */
export const DEFAULT_PASSWORD = "Lab-Only-Passw0rd";
/** Login of the chat servers: owner of mgc and mgccomp, nothing else. */
export const CHAT_LOGIN = "pchatsvc";

/** Files of a lab in its directory. */
export function labFiles(
  directory: string,
): Readonly<
  Record<
    | "token"
    | "estate"
    | "store"
    | "journal"
    | "ledger"
    | "log"
    | "hosts"
    | "instances"
    | "shares"
    | "certificate"
    | "executables",
    string
  >
> {
  return {
    token: join(directory, "control-token"),
    estate: join(directory, "estate.json"),
    store: join(directory, "management-store.json"),
    journal: join(directory, "journal.jsonl"),
    ledger: join(directory, "chat-ledger.jsonl"),
    log: join(directory, "daemon.log"),
    hosts: join(directory, "hosts"),
    instances: join(directory, "instances"),
    shares: join(directory, "shares"),
    certificate: join(directory, "certificate"),
    executables: join(directory, "bin"),
  };
}

/** A password that no policy objects to: for logins that nobody types. */
export function randomPassword(): string {
  return `Aa1-${randomBytes(18).toString("base64url")}`;
}

/** A sid of a SQL login, 16 bytes, as CREATE LOGIN … WITH SID writes it; one login has one sid on all instances. */
export function randomSid(): string {
  return `0x${randomBytes(16).toString("hex").toUpperCase()}`;
}
