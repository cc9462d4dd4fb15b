/**
 * Application locks: the resource type APPLICATION of the lock manager.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-getapplock-transact-sql.md,
 * sp-releaseapplock-transact-sql.md; t-sql/functions/applock-mode-transact-sql.md, applock-test-transact-sql.md;
 * relational-databases/sql-server-transaction-locking-and-row-versioning-guide.md (compatibility, conversion).
 */
import { createHash } from "node:crypto";

/** Lock modes as sys.dm_tran_locks.request_mode shows them. SIX and UIX are what APPLOCK_MODE answers for combinations. */
export type LockMode = "IS" | "S" | "U" | "IX" | "X";

/** Names that sp_getapplock takes for @LockMode. */
export const lockModeNames: Readonly<Record<string, LockMode>> = {
  intentshared: "IS",
  shared: "S",
  update: "U",
  intentexclusive: "IX",
  exclusive: "X",
};

const COMPATIBLE: Readonly<Record<LockMode, readonly LockMode[]>> = {
  IS: ["IS", "S", "U", "IX"],
  S: ["IS", "S", "U"],
  U: ["IS", "S"],
  IX: ["IS", "IX"],
  X: [],
};

/** What is locked: the database, the principal that may share the lock, the name compared byte for byte. */
export interface LockedResource {
  readonly databaseId: number;
  readonly principalId: number;
  readonly name: string;
}

/** Who holds or waits: the session itself or its open transaction. */
export interface LockOwner {
  readonly sessionId: number;
  readonly kind: "Session" | "Transaction";
}

/** One request as sys.dm_tran_locks shows it. */
export interface LockRequest extends LockOwner {
  readonly resource: LockedResource;
  readonly mode: LockMode;
  readonly status: "GRANT" | "WAIT";
}

/** Return codes of sp_getapplock: 0 granted, 1 granted after a wait, -1 timeout, -2 canceled, -3 deadlock victim. */
export type GrantResult = 0 | 1 | -1 | -2 | -3;

interface Grant extends LockOwner {
  readonly mode: LockMode;
  count: number;
}

interface Waiter extends LockOwner {
  readonly mode: LockMode;
  readonly settle: (result: GrantResult) => void;
}

interface Entry {
  readonly resource: LockedResource;
  readonly grants: Grant[];
  readonly waiters: Waiter[];
}

/** `0:[first 32 characters]:(hash)` — principal, name in clear, hash of the whole (sys.dm_tran_locks, resource_description). */
export function resourceDescription(resource: LockedResource): string {
  const hash = createHash("sha1").update(resource.name, "utf16le").digest("hex").slice(0, 8);
  return `${String(resource.principalId)}:[${resource.name.slice(0, 32)}]:(${hash})`;
}

/** All application locks of one instance. */
export class ApplicationLocks {
  readonly #entries = new Map<string, Entry>();

  /**
   * Asks for a lock, waiting at most `timeoutMs` (-1: without limit; 0: not at all).
   * Locks of one session never stand in each other's way. Repeated requests count: n grants need n releases.
   */
  acquire(
    resource: LockedResource,
    owner: LockOwner,
    mode: LockMode,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<GrantResult> {
    const entry = this.#entry(resource);
    const own = entry.grants.some((grant) => grant.sessionId === owner.sessionId);
    // First come, first served: a new request waits behind others, a conversion of a held lock does not.
    if ((own || entry.waiters.length === 0) && this.#grantable(entry, owner.sessionId, mode)) {
      this.#grant(entry, owner, mode);
      return Promise.resolve(0);
    }
    if (timeoutMs === 0) {
      this.#forget(entry);
      return Promise.resolve(-1);
    }
    if (this.#deadlocks(owner.sessionId, entry, mode)) return Promise.resolve(-3);
    return this.#wait(entry, owner, mode, timeoutMs, signal);
  }

  /** Gives back one grant of this owner; false when it holds none (1223). */
  release(resource: LockedResource, owner: LockOwner): boolean {
    const entry = this.#entries.get(key(resource));
    const held = entry?.grants.filter((grant) => sameOwner(grant, owner)) ?? [];
    const last = held[held.length - 1];
    if (entry === undefined || last === undefined) return false;
    last.count -= 1;
    if (last.count === 0) entry.grants.splice(entry.grants.indexOf(last), 1);
    this.#wake(entry);
    return true;
  }

  /** Gives back all that a session holds or waits for: at its end (both kinds), at the end of a transaction (one kind). */
  releaseAll(sessionId: number, kind?: LockOwner["kind"]): void {
    for (const entry of [...this.#entries.values()]) {
      const gone = (one: LockOwner): boolean =>
        one.sessionId === sessionId && (kind === undefined || one.kind === kind);
      for (const waiter of entry.waiters.filter(gone)) {
        entry.waiters.splice(entry.waiters.indexOf(waiter), 1);
        waiter.settle(-2);
      }
      const kept = entry.grants.filter((grant) => !gone(grant));
      if (kept.length !== entry.grants.length) entry.grants.splice(0, entry.grants.length, ...kept);
      this.#wake(entry);
    }
  }

  /** APPLOCK_MODE: what the owner holds, in its words; "NoLock" when nothing. */
  mode(resource: LockedResource, owner: LockOwner): string {
    const grants = this.#entries.get(key(resource))?.grants ?? [];
    const held = new Set(grants.filter((grant) => sameOwner(grant, owner)).map((grant) => grant.mode));
    if (held.has("X")) return "Exclusive";
    if (held.has("IX") && held.has("U")) return "UpdateIntentExclusive";
    if (held.has("IX") && held.has("S")) return "SharedIntentExclusive";
    if (held.has("IX")) return "IntentExclusive";
    if (held.has("U")) return "Update";
    if (held.has("S")) return "Shared";
    return held.has("IS") ? "IntentShared" : "NoLock";
  }

  /** APPLOCK_TEST: whether `acquire` would be granted now without a wait. */
  test(resource: LockedResource, owner: LockOwner, mode: LockMode): boolean {
    const entry = this.#entries.get(key(resource));
    return entry === undefined || this.#grantable(entry, owner.sessionId, mode);
  }

  /** Every request, held or waiting, for sys.dm_tran_locks. */
  *requests(): Iterable<LockRequest> {
    for (const entry of this.#entries.values()) {
      const common = { resource: entry.resource };
      for (const { sessionId, kind, mode } of entry.grants) yield { ...common, sessionId, kind, mode, status: "GRANT" };
      for (const { sessionId, kind, mode } of entry.waiters) yield { ...common, sessionId, kind, mode, status: "WAIT" };
    }
  }

  #entry(resource: LockedResource): Entry {
    const at = key(resource);
    const known = this.#entries.get(at);
    if (known !== undefined) return known;
    const fresh: Entry = { resource, grants: [], waiters: [] };
    this.#entries.set(at, fresh);
    return fresh;
  }

  #grantable(entry: Entry, sessionId: number, mode: LockMode): boolean {
    return entry.grants.every((grant) => grant.sessionId === sessionId || COMPATIBLE[grant.mode].includes(mode));
  }

  #grant(entry: Entry, owner: LockOwner, mode: LockMode): void {
    const held = entry.grants.find((grant) => sameOwner(grant, owner) && grant.mode === mode);
    if (held === undefined) entry.grants.push({ sessionId: owner.sessionId, kind: owner.kind, mode, count: 1 });
    else held.count += 1;
  }

  #wait(entry: Entry, owner: LockOwner, mode: LockMode, timeoutMs: number, signal: AbortSignal): Promise<GrantResult> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const abort = (): void => leave(-2);
      const settle = (result: GrantResult): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
        resolve(result);
      };
      const waiter: Waiter = { sessionId: owner.sessionId, kind: owner.kind, mode, settle };
      const leave = (result: GrantResult): void => {
        entry.waiters.splice(entry.waiters.indexOf(waiter), 1);
        settle(result);
        this.#wake(entry);
      };
      if (timeoutMs > 0) timer = setTimeout(() => leave(-1), timeoutMs);
      signal.addEventListener("abort", abort, { once: true });
      entry.waiters.push(waiter);
      if (signal.aborted) abort();
    });
  }

  #wake(entry: Entry): void {
    for (let next = entry.waiters[0]; next !== undefined; next = entry.waiters[0]) {
      if (!this.#grantable(entry, next.sessionId, next.mode)) break;
      entry.waiters.shift();
      this.#grant(entry, next, next.mode);
      next.settle(1);
    }
    this.#forget(entry);
  }

  #forget(entry: Entry): void {
    if (entry.grants.length === 0 && entry.waiters.length === 0) this.#entries.delete(key(entry.resource));
  }

  /** Whether a wait for `entry` would close a circle of sessions that wait for each other. */
  #deadlocks(sessionId: number, entry: Entry, mode: LockMode): boolean {
    const blockers = (at: Entry, waiting: LockMode, waiter: number): number[] =>
      at.grants
        .filter((grant) => grant.sessionId !== waiter && !COMPATIBLE[grant.mode].includes(waiting))
        .map((grant) => grant.sessionId);
    const seen = new Set<number>();
    const open = blockers(entry, mode, sessionId);
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next === sessionId) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      for (const other of this.#entries.values())
        for (const waiter of other.waiters)
          if (waiter.sessionId === next) open.push(...blockers(other, waiter.mode, next));
    }
    return false;
  }
}

function key(resource: LockedResource): string {
  return `${String(resource.databaseId)}/${String(resource.principalId)}/${resource.name}`;
}

function sameOwner(one: LockOwner, other: LockOwner): boolean {
  return one.sessionId === other.sessionId && one.kind === other.kind;
}
