/** Replicas of the central management store: each machine has a copy, and a change takes time to get there. */
import type { PoolState } from "./topology";

/** What of a pool can change at run time. */
export interface PoolSettings {
  readonly poolState: PoolState;
  readonly activeServers: readonly string[];
}

/** Test users of a Registrar pool: health monitoring configuration. */
export interface TestUsers {
  /** `sip:user@domain` */
  readonly first: string;
  readonly second: string;
  /** `DOMAIN\\user`, where given. */
  readonly firstAccount?: string;
  readonly secondAccount?: string;
}

/** The store's content at one revision, by pool FQDN. */
export interface Snapshot {
  readonly revision: number;
  /** ISO 8601, UTC: when this revision was made. */
  readonly changed: string;
  readonly pools: Readonly<Record<string, PoolSettings>>;
  /** By FQDN of the Registrar pool, in lower case. */
  readonly testUsers: Readonly<Record<string, TestUsers>>;
}

/** A machine's copy. */
export interface Replica {
  readonly snapshot: Snapshot;
  /** ISO 8601, UTC: last time that the machine said where it stands. */
  readonly reported: string;
}

export interface ReplicationOptions {
  /** From a change to the copy's arrival. */
  readonly delayMs: number;
  readonly current: () => Snapshot;
  /** Told after a machine's copy was replaced. */
  readonly arrived: (machine: string) => void;
}

/** Brings snapshots to machines. Machine names compare without case. */
export class Replication {
  readonly #replicas = new Map<string, Replica>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #held = new Set<string>();
  readonly #options: ReplicationOptions;
  #delayMs: number;
  readonly #delays = new Map<string, number>();

  constructor(options: ReplicationOptions, replicas: Readonly<Record<string, Replica>>) {
    this.#options = options;
    this.#delayMs = options.delayMs;
    for (const [machine, replica] of Object.entries(replicas)) this.#replicas.set(machine.toLowerCase(), replica);
    this.spread();
  }

  get machines(): string[] {
    return [...this.#replicas.keys()];
  }

  replica(machine: string): Replica | undefined {
    return this.#replicas.get(machine.toLowerCase());
  }

  isUpToDate(machine: string): boolean {
    return this.replica(machine)?.snapshot.revision === this.#options.current().revision;
  }

  /** From a change to its arrival, in milliseconds. */
  get delayMs(): number {
    return this.#delayMs;
  }

  /** @param machine one machine's delay; absent: everyone's */
  setDelay(milliseconds: number, machine?: string): void {
    if (machine === undefined) this.#delayMs = milliseconds;
    else this.#delays.set(machine.toLowerCase(), milliseconds);
  }

  /** A machine that is held gets no copy until it is released. */
  hold(machine: string): void {
    this.#held.add(machine.toLowerCase());
    clearTimeout(this.#timers.get(machine.toLowerCase()));
    this.#timers.delete(machine.toLowerCase());
  }

  /** A machine that was installed anew: its first copy is the present content. */
  renew(machine: string): void {
    this.#arrive(machine.toLowerCase());
  }

  release(machine: string): void {
    this.#held.delete(machine.toLowerCase());
    this.spread();
  }

  /** Sends the present content to every machine that does not have it; `full` to those that have it as well. */
  spread(only?: string, full = false): void {
    for (const machine of this.#replicas.keys()) {
      if (only !== undefined && machine !== only.toLowerCase()) continue;
      if (this.#held.has(machine) || this.#timers.has(machine)) continue;
      if (!full && this.isUpToDate(machine)) continue;
      const timer = setTimeout(() => this.#arrive(machine), this.#delays.get(machine) ?? this.#delayMs);
      // A copy under way must not keep a process alive that has nothing else to do: it goes on at the next start.
      timer.unref();
      this.#timers.set(machine, timer);
    }
  }

  #arrive(machine: string): void {
    this.#timers.delete(machine);
    this.#replicas.set(machine, { snapshot: this.#options.current(), reported: new Date().toISOString() });
    this.#options.arrived(machine);
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
