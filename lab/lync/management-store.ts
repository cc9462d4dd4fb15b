/** The Central Management store: topology, pool states, lists of active servers, replicas. One JSON file, replaced as a whole. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import type { CmdletMetadata, ObjectValue, WireValue } from "../control-protocol";
import { failure } from "../shell/error-record";
import { cmdlets } from "./cmdlets";
import type { ManagedEstate } from "./managed-estate";
import { type PoolSettings, type Replica, Replication, type Snapshot, type TestUsers } from "./replication";
import { allowedCmdlets } from "./roles";
import type { Administrator, PoolTopology, SqlStore, Topology } from "./topology";

/** Who runs a cmdlet, and how questions are answered. */
export interface Caller {
  /** FQDN of the machine: -LocalStore reads its replica. */
  readonly computer: string;
  /**
   * Asked before a change; false = nothing is changed (-WhatIf, or the answer was no).
   * @param details what a prompt shows instead of the usual sentence
   */
  shouldProcess(action: string, target: string, details?: string): boolean;
  /** Aborted when the caller's shell has ended: what is in hand is given up. */
  readonly signal?: AbortSignal;
}

/** A caller inside the lab's process, who is not asked. */
export function unattended(computer: string): Caller {
  return { computer, shouldProcess: () => true };
}

/** The database that a pool state chooses. */
export interface ChosenDatabase extends SqlStore {
  readonly name: string;
  readonly mirror?: SqlStore;
}

/** What a machine knows of its pool from its replica. */
export interface MachineConfiguration {
  readonly pool: string;
  readonly poolState: PoolSettings["poolState"];
  /** Whether the machine is on the list of active servers. */
  readonly active: boolean;
  /** Whether any machine is. */
  readonly anyActive: boolean;
  /** Principal and mirror of the site that the pool state chooses. */
  readonly database: ChosenDatabase;
  readonly complianceDatabase?: ChosenDatabase;
  readonly revision: number;
}

export interface ManagementStoreOptions {
  /** Milliseconds from a change to its arrival at a machine; default 150. */
  readonly replicationDelayMs?: number;
}

interface StoreFile {
  readonly snapshot: Snapshot;
  readonly replicas: Readonly<Record<string, Replica>>;
}

/** The store and its cmdlets. */
export class ManagementStore {
  readonly topology: Topology;
  readonly replication: Replication;
  /** What cmdlets reach beyond the store; set by whoever plays it. */
  estate: ManagedEstate | undefined;
  readonly #file: string;
  #snapshot: Snapshot;
  /** Passwords that are no longer those of the topology. */
  readonly #passwords = new Map<Administrator, string>();
  readonly #changeListeners = new Set<() => void>();
  readonly #replicaListeners = new Set<(machine: string) => void>();

  /**
   * Opens the store, or makes it from the topology when the file is not there.
   * @param file path on this machine; its folder must exist
   */
  constructor(file: string, topology: Topology, options: ManagementStoreOptions = {}) {
    this.#file = file;
    this.topology = topology;
    const stored = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as StoreFile) : undefined;
    this.#snapshot = stored?.snapshot ?? initialSnapshot(topology);
    const machines = [
      ...topology.pools.flatMap((pool) => pool.machines.map(({ fqdn }) => fqdn)),
      ...topology.otherReplicas,
    ];
    const reported = new Date().toISOString();
    const replicas = Object.fromEntries(
      machines.map(
        (machine) =>
          [machine, stored?.replicas[machine.toLowerCase()] ?? { snapshot: this.#snapshot, reported }] as const,
      ),
    );
    this.replication = new Replication(
      {
        delayMs: options.replicationDelayMs ?? 150,
        current: () => this.#snapshot,
        arrived: (machine) => {
          this.#save(false);
          for (const listener of this.#replicaListeners) listener(machine);
        },
      },
      replicas,
    );
    this.#save(true);
  }

  /** Cmdlets of the store, or those that the roles of a remote session's user allow. */
  commands(user?: Administrator): CmdletMetadata[] {
    const all = cmdlets.map(({ metadata }) => metadata);
    return user === undefined ? all : all.filter(({ name }) => allowedCmdlets(user.roles, name));
  }

  /**
   * Runs a cmdlet. Throws CmdletFailure: what becomes the ErrorRecord.
   * @param parameters bound and converted; names as in the metadata
   */
  execute(
    cmdlet: string,
    parameters: Readonly<Record<string, WireValue>>,
    caller: Caller,
  ): Promise<readonly ObjectValue[]> {
    return Promise.resolve().then<readonly ObjectValue[]>(() => {
      const found = cmdlets.find(({ metadata }) => metadata.name.toLowerCase() === cmdlet.toLowerCase());
      if (found !== undefined) return found.run(this, parameters, caller);
      throw failure(
        "CommandNotFoundException",
        "ObjectNotFound",
        "System.Management.Automation.CommandNotFoundException",
        `The term '${cmdlet}' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again.`,
        { name: cmdlet, type: "String" },
      );
    });
  }

  /** The user with this password, or undefined. `name@domain` and `DOMAIN\name` are the same user. */
  authenticate(userName: string, password: string): Administrator | undefined {
    const user = this.#administrator(userName);
    return user !== undefined && (this.#passwords.get(user) ?? user.password) === password ? user : undefined;
  }

  /** Changes a user's password, until the daemon ends; false for one who may open no remote shell. */
  setPassword(userName: string, password: string): boolean {
    const user = this.#administrator(userName);
    if (user !== undefined) this.#passwords.set(user, password);
    return user !== undefined;
  }

  #administrator(userName: string): Administrator | undefined {
    const [name, domain] = userName.split("@") as [string, string?];
    const full = domain === undefined ? userName : `${domain.split(".")[0] as string}\\${name}`;
    return this.topology.administrators.find((one) => one.userName.toLowerCase() === full.toLowerCase());
  }

  pool(fqdn: string): PoolTopology | undefined {
    return this.topology.pools.find((pool) => pool.fqdn.toLowerCase() === fqdn.toLowerCase());
  }

  /** Settings of a pool: in the store, or with `machine` in that machine's replica. */
  settings(pool: PoolTopology, machine?: string): PoolSettings | undefined {
    const snapshot = machine === undefined ? this.#snapshot : this.replication.replica(machine)?.snapshot;
    return snapshot?.pools[pool.fqdn];
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Changes a pool's settings: a new revision, saved and on its way to the replicas. */
  change(pool: PoolTopology, settings: Partial<PoolSettings>): void {
    const { pools } = this.#snapshot;
    const before = pools[pool.fqdn] as PoolSettings;
    this.#publish({ pools: { ...pools, [pool.fqdn]: { ...before, ...settings } } });
  }

  /** Sets or with undefined removes the test users of a Registrar pool. */
  changeTestUsers(registrar: string, users: TestUsers | undefined): void {
    const key = registrar.toLowerCase();
    const others = Object.entries(this.#snapshot.testUsers).filter(([name]) => name !== key);
    const testUsers = Object.fromEntries(users === undefined ? others : [...others, [key, users] as const]);
    this.#publish({ testUsers });
  }

  #publish(change: Partial<Snapshot>): void {
    const { revision } = this.#snapshot;
    this.#snapshot = { ...this.#snapshot, ...change, revision: revision + 1, changed: new Date().toISOString() };
    this.#save(true);
    this.replication.spread();
    for (const listener of this.#changeListeners) listener();
  }

  /** What a chat server reads from its replica; undefined = the machine is in no pool. */
  replica(machine: string): MachineConfiguration | undefined {
    const pool = this.topology.pools.find(({ machines }) =>
      machines.some(({ fqdn }) => fqdn.toLowerCase() === machine.toLowerCase()),
    );
    const copy = this.replication.replica(machine);
    const settings = pool === undefined ? undefined : copy?.snapshot.pools[pool.fqdn];
    if (pool === undefined || copy === undefined || settings === undefined) return undefined;
    const choose = (stores: PoolTopology["content"], name: string): ChosenDatabase => {
      const normal = settings.poolState === "Normal";
      // Without a backup store the pool has nowhere to fail over to and stays where it is.
      const principal = normal ? stores.primary : (stores.backup ?? stores.primary);
      const mirror = normal ? stores.mirror : stores.backupMirror;
      return { ...principal, name, ...(mirror === undefined ? {} : { mirror }) };
    };
    return {
      pool: pool.fqdn,
      poolState: settings.poolState,
      active: settings.activeServers.some((fqdn) => fqdn.toLowerCase() === machine.toLowerCase()),
      anyActive: settings.activeServers.length > 0,
      database: choose(pool.content, pool.databases.content),
      ...(pool.compliance === undefined
        ? {}
        : { complianceDatabase: choose(pool.compliance, pool.databases.compliance) }),
      revision: copy.snapshot.revision,
    };
  }

  /** Told after each change of the store; answers how to stop listening. */
  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => void this.#changeListeners.delete(listener);
  }

  /** Told after a machine's replica was replaced; the name is in lower case. Answers how to stop listening. */
  onReplicated(listener: (machine: string) => void): () => void {
    this.#replicaListeners.add(listener);
    return () => void this.#replicaListeners.delete(listener);
  }

  /** Stops replication; the copies under way go on when the store is opened again. */
  close(): void {
    this.replication.close();
  }

  /**
   * A reader sees the old file or the new one, never half of one.
   * @param durable waits for the disk: a change must not be lost, a replica's arrival happens again
   */
  #save(durable: boolean): void {
    const replicas = Object.fromEntries(
      (this.replication as Replication | undefined)?.machines.map((machine) => [
        machine,
        this.replication.replica(machine),
      ]) ?? [],
    );
    const temporary = `${this.#file}.new`;
    const handle = openSync(temporary, "w");
    try {
      writeSync(handle, JSON.stringify({ snapshot: this.#snapshot, replicas }));
      if (durable) fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, this.#file);
  }
}

function initialSnapshot({ pools, testUsers }: Topology): Snapshot {
  return {
    revision: 1,
    changed: new Date().toISOString(),
    pools: Object.fromEntries(
      pools.map(
        ({ fqdn, poolState, activeServers }) => [fqdn, { poolState, activeServers: [...activeServers] }] as const,
      ),
    ),
    testUsers: Object.fromEntries(
      Object.entries(testUsers).map(([registrar, users]) => [registrar.toLowerCase(), users] as const),
    ),
  };
}
