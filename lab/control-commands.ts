/**
 * What the command line (and a test) asks the lab's daemon, on the control port that shells use too: after the greeting
 * of control-protocol.ts, one `LabRequest` per line, answered by one `LabResponse` with the same `id`.
 */
import type { Access } from "./windows/files";

/** One SQL Server instance as `up --json` prints it. */
export interface InstanceDescription {
  /** @@SERVERNAME */
  readonly name: string;
  readonly site: "primary" | "backup";
  /** Part that the topology gives it inside its site. */
  readonly role: "principal" | "mirror";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** FQDN of the (first) pool whose databases it holds. */
  readonly pool: string;
  /** FQDNs of all pools whose databases it holds. */
  readonly pools: readonly string[];
  readonly dataCentre: string;
}

/** Names of a database's instances by site. */
export interface StoreDescription {
  readonly primary: { readonly principal: string; readonly mirror: string | null };
  readonly backup: { readonly principal: string; readonly mirror: string | null };
}

/** A pool as `up --json` prints it. */
export interface PoolDescription {
  readonly identity: string;
  readonly fqdn: string;
  /** FQDNs of its machines by data centre. */
  /** FQDN of the Front End pool that is its next hop. */
  readonly registrar: string;
  readonly dataCentres: { readonly primary: string; readonly backup: string };
  readonly machines: { readonly primary: readonly string[]; readonly backup: readonly string[] };
  /** Servers that are active while the pool is in a site. */
  readonly activeServers: { readonly primary: readonly string[]; readonly backup: readonly string[] };
  readonly share: ShareDescription;
  readonly copyFolder: string;
  readonly databases: { readonly content: string; readonly compliance: string | null };
  readonly instances: StoreDescription;
  /** Instances of the compliance database; null without compliance. */
  readonly complianceInstances: StoreDescription | null;
}

export interface ShareDescription {
  readonly unc: string;
  /** The folder of this machine that plays it. */
  readonly directory: string;
}

/** What `up --json` prints; kept as lab.json (mode 0600) while the lab runs. */
export interface LabDescription {
  readonly instances: readonly InstanceDescription[];
  /** The first pool. */
  readonly pool: PoolDescription;
  readonly pools: readonly PoolDescription[];
  readonly shell: { readonly executable: string };
  /** Backup share of the first pool. */
  readonly share: ShareDescription;
  /** JSONL file: one line per batch, remote procedure call and cmdlet. */
  readonly journal: string;
  readonly directory: string;
  readonly pid: number;
  readonly scenario: LabState;
  readonly control: { readonly host: string; readonly port: number; readonly tokenFile: string };
}

/**
 * What a lab is built as, or taken to. `outage`: steady, then the primary site is gone. `failed-over`: the pool runs on the
 * backup site, the primary site is new and empty. `rebuilt`: the same, reached by an outage, a failover and a rebuild,
 * with what these leave behind.
 */
export const SCENARIO_NAMES = ["steady", "outage", "failed-over", "rebuilt"] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

/** What a running lab says of its state. `returned`: the primary site came back as it was after an outage. */
export type LabState = ScenarioName | "returned";

/** Which pools' primary site a move is about: FQDNs; absent: all. */
export interface SiteMove {
  readonly pools?: readonly string[];
}

/** Something that goes wrong, or that is mended. */
export type Fault =
  | { readonly action: "instance-stop" | "instance-start" | "agent-stop" | "agent-start"; readonly instance: string }
  | {
      readonly action: "deny" | "allow";
      /** Name of a Windows host, or "*" for every host. */
      readonly host: string;
      readonly account: string;
      readonly path: string;
      readonly access: Access;
    }
  /** A service of the account does not start while it is locked out. */
  | { readonly action: "lock-out" | "unlock"; readonly account: string }
  /** A share's server goes down (53), or comes back with what it had. */
  | { readonly action: "share-off" | "share-on"; readonly share: string }
  /** An account that may open remote shells has another password from now on; sessions that are open stay so. */
  | { readonly action: "password"; readonly account: string; readonly password: string }
  /** A machine of the topology (FQDN) loses its power, or gets it again. */
  | { readonly action: "machine-off" | "machine-on"; readonly machine: string }
  | { readonly action: "replication-delay"; readonly milliseconds: number }
  /** How fast the instance reads and writes backup files; 0: as fast as this machine does. */
  | { readonly action: "disk-speed"; readonly instance: string; readonly bytesPerSecond: number }
  /** A page of the data file does not match its checksum any more; the middle one when no page is given. */
  | { readonly action: "damage-page"; readonly instance: string; readonly database: string; readonly page?: number }
  /** Recovery, or a rollback, met damage in the data file: the database is SUSPECT, its log is whole. */
  | { readonly action: "suspect"; readonly instance: string; readonly database: string }
  /** Flips one byte; `offset` in bytes, the middle of the file when absent. `host` for paths with a drive letter. */
  | { readonly action: "damage"; readonly file: string; readonly host?: string; readonly offset?: number };

/** A running instance as `status --json` shows it. */
export interface InstanceStatus {
  readonly name: string;
  readonly running: boolean;
  readonly agent: boolean;
  readonly connections: number;
  readonly databases: readonly {
    readonly name: string;
    readonly state: string;
    readonly mirroring: string | null;
    readonly readOnly: boolean;
  }[];
}

export interface PoolStatus {
  readonly fqdn: string;
  readonly poolState: string;
  readonly activeServers: readonly string[];
}

/** What `status --json` prints. */
export interface LabStatus {
  readonly lab: LabDescription;
  readonly instances: readonly InstanceStatus[];
  readonly pools: readonly PoolStatus[];
  readonly chat: ChatStatus;
  readonly journalEntries: number;
}

export interface ChatStatus {
  readonly running: boolean;
  /** Machines that are connected to a database, with the instance and the clients that they have. */
  readonly connected: readonly { readonly machine: string; readonly instance: string; readonly clients: number }[];
  readonly stored: number;
}

/** A time without chat: from the last message stored before a failure to the next one stored; open while `to` is null. */
export interface Downtime {
  readonly pool: string;
  readonly from: string;
  readonly to: string | null;
  readonly seconds: number;
  /** Messages that clients tried to send meanwhile. */
  readonly refused: number;
  /** Why the last of them was refused. */
  readonly reason: string;
}

/** A pool's clients went from one database to another. */
export interface ChatMove {
  readonly pool: string;
  /** Names of the instances. */
  readonly from: string;
  readonly to: string;
  /** When the last message was told stored before the move, and the first one after it. */
  readonly lastStored: string;
  readonly firstStored: string;
  readonly seconds: number;
  /** Messages stored on `from` before the move that are not in the database now; null where it cannot be read. */
  readonly lost: number | null;
}

/** A message that a client was told is stored. */
export interface StoredMessage {
  /** Identifier that stands in the content too: message ids are given again after a database went back in time. */
  readonly id: string;
  readonly time: string;
  readonly pool: string;
  readonly room: number;
  readonly chatId: number;
  readonly server: string;
  readonly instance: string;
}

/** What `chat report --json` prints. */
export interface ChatReport {
  readonly running: boolean;
  readonly stored: number;
  readonly downtime: readonly Downtime[];
  /** From one database to another, in the order of time, pool by pool. */
  readonly moves: readonly ChatMove[];
  readonly pools: readonly {
    readonly fqdn: string;
    readonly poolState: string;
    /** Instance whose database was compared: that of the pool state. */
    readonly instance: string;
    readonly stored: number;
    /** Told stored and not found there; null when the database cannot be read. */
    readonly lost: readonly StoredMessage[] | null;
    readonly error: string | null;
  }[];
}

/** The commands: what each is given and answers. */
export interface LabCommands {
  readonly status: { readonly arguments: Record<string, never>; readonly result: LabStatus };
  /** Writes the journal's buffer; answers how many lines it has. */
  readonly flush: { readonly arguments: Record<string, never>; readonly result: { readonly entries: number } };
  readonly fault: { readonly arguments: Fault; readonly result: { readonly done: string } };
  readonly scenario: {
    readonly arguments: { readonly name: ScenarioName; readonly keepLogs: boolean };
    readonly result: { readonly scenario: LabState };
  };
  /** The primary site goes down. `loseShare`: the backup share too; `silent`: ports take connections and never answer. */
  readonly outage: {
    readonly arguments: SiteMove & { readonly loseShare: boolean; readonly silent: boolean };
    readonly result: { readonly scenario: LabState; readonly stopped: readonly string[] };
  };
  /** The primary site comes back as it was. */
  readonly return: {
    readonly arguments: SiteMove;
    readonly result: { readonly scenario: LabState; readonly started: readonly string[] };
  };
  /** The primary site is built anew, with empty databases. */
  readonly rebuild: {
    readonly arguments: SiteMove & { readonly emptyShare: boolean };
    readonly result: { readonly scenario: LabState; readonly rebuilt: readonly string[] };
  };
  readonly "chat-start": { readonly arguments: { readonly rate?: number }; readonly result: ChatStatus };
  readonly "chat-stop": { readonly arguments: Record<string, never>; readonly result: ChatStatus };
  readonly "chat-send": {
    readonly arguments: { readonly pool?: string; readonly room?: number; readonly text?: string };
    readonly result: StoredMessage;
  };
  readonly "chat-status": { readonly arguments: Record<string, never>; readonly result: ChatStatus };
  readonly "chat-report": { readonly arguments: Record<string, never>; readonly result: ChatReport };
  /** Answers before the daemon stops; it is gone when its process is. */
  readonly stop: { readonly arguments: Record<string, never>; readonly result: { readonly pid: number } };
}

export type LabCommand = keyof LabCommands;

export interface LabRequest<Command extends LabCommand = LabCommand> {
  readonly id: number;
  readonly kind: "lab";
  readonly command: Command;
  readonly arguments: LabCommands[Command]["arguments"];
}

export type LabResponse =
  | { readonly id: number; readonly kind: "result"; readonly value: unknown }
  | { readonly id: number; readonly kind: "failed"; readonly message: string; readonly hint: string };

/** Whether a message of the control port is for the daemon itself. */
export function isLabRequest(message: unknown): message is LabRequest {
  return typeof message === "object" && message !== null && "kind" in message && message.kind === "lab";
}

/** A failure that is told to the person who typed the command: what happened, and what to do next. */
export class LabError extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message);
    this.name = "LabError";
  }
}
