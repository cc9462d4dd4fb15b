/**
 * The lock between runs: an application lock in master of the backup's instance, and of the primary's when it answers, per pool,
 * held on a connection of its own from the first change of a run to its end. It ends with its session, so a lock never outlives a run.
 */
import { z } from "zod";
import { DrError, type DrErrorCode, toDrError } from "./errors";
import { instanceOf, type Estate } from "./estate";
import type { InstanceRole, LockHolder } from "./observation-types";
import { isLockOf, lockResource } from "./lock-resource";
import { LOCK_HOLDERS_SQL, lockHolderRow, lockHolders } from "./observe-server";
import type { RunIdentity } from "./sql/client-name";
import type { SqlServer } from "./sql/connection";
import type { DedicatedConnection } from "./sql/dedicated-connection";
import { quoteString } from "./sql/quote";
import { momentColumn, textColumn, wholeColumn } from "./sql/rows";

/** CONTEXT_INFO is varbinary(128): 64 characters of UTF-16. */
const MAX_CONTEXT_LENGTH = 64;
/** A holder that has not sent its heartbeat for so long, in milliseconds, is suspected to be dead. */
const SUSPECT_AFTER = 60_000;

const returnCodeRow = z.object({ rc: wholeColumn });
const modeRow = z.object({ mode: textColumn.nullable() });
const nowRow = z.object({ now: momentColumn });

/** Options of {@link EstateLock.acquire}. */
export interface LockOptions {
  /** Where the lock lives, in the order of taking; the first one must answer. Default: backup, primary. */
  readonly homes?: readonly InstanceRole[];
  /** Seconds between heartbeats. */
  readonly heartbeatSeconds: number;
  /** Codes for which a later home is left out, besides UNREACHABLE: what a person has acknowledged of it. Default: none. */
  readonly leavesOut?: readonly DrErrorCode[];
}

/** A lock that is held. */
export class EstateLock {
  readonly #pool: string;
  readonly #resource: string;
  readonly #held: { readonly server: SqlServer; readonly connection: DedicatedConnection }[] = [];
  #heartbeat: NodeJS.Timeout | undefined;
  #failure: DrError | undefined;

  private constructor(poolFqdn: string) {
    this.#pool = poolFqdn;
    this.#resource = lockResource(poolFqdn);
  }

  /**
   * Takes the lock without waiting. Throws LOCK_HELD naming who holds it and since when, UNREACHABLE when the first home does not
   * answer. A later home that nobody answers for, or that fails as `leavesOut` names it, is left out; any other may be read, and
   * used, by somebody else.
   */
  static async acquire(estate: Estate, identity: RunIdentity, options: LockOptions): Promise<EstateLock> {
    const lock = new EstateLock(estate.pool.fqdn);
    try {
      for (const [index, role] of (options.homes ?? ["backup", "primary"]).entries()) {
        const leavesOut: readonly DrErrorCode[] = index === 0 ? [] : ["UNREACHABLE", ...(options.leavesOut ?? [])];
        await lock.#take(instanceOf(estate, role), identity, leavesOut);
      }
    } catch (thrown) {
      await lock.release();
      throw thrown;
    }
    lock.#heartbeat = setInterval(() => void lock.#beat(), options.heartbeatSeconds * 1000);
    // The process lives for its steps, not for its heartbeat.
    lock.#heartbeat.unref();
    return lock;
  }

  /** Places where the lock is held: `SQL-B1 (127.0.0.1:14333)`. */
  get places(): readonly string[] {
    return this.#held.map(({ server }) => server.place);
  }

  /** Asks every home whether the lock is still held. To be called before each destructive statement. Throws LOCK_LOST. */
  async assertHeld(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const sql = `SELECT APPLOCK_MODE('public', ${quoteString(this.#resource)}, 'Session') AS mode;`;
    for (const { server, connection } of this.#held) {
      const found = await connection.read(sql, [modeRow], { doing: "checking the lock", timeout: 30_000 }).then(
        ([[row]]) => row?.mode ?? "no mode",
        (thrown: unknown) => toDrError(thrown),
      );
      if (found === "Exclusive") continue;
      this.#failure ??=
        found instanceof DrError ? this.#lost(server, found.summary, found) : this.#lost(server, `mode ${found}`);
      throw this.#failure;
    }
    if (this.#held.length === 0) throw new DrError({ code: "LOCK_LOST", summary: "the lock was released" });
  }

  /** Gives the lock back and ends its sessions. May be called twice. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat);
    const held = this.#held.splice(0);
    const sql =
      `EXEC master.sys.sp_releaseapplock @Resource = ${quoteString(this.#resource)}, ` +
      "@LockOwner = 'Session', @DbPrincipal = 'public';";
    await Promise.all(
      held.map(async ({ connection }) => {
        try {
          // Said aloud, because the server may notice a closed socket a moment after the next run has asked.
          if (!connection.lost) await connection.send(sql, { doing: "releasing the lock", timeout: 10_000 });
        } catch {
          // The session's end, next line, releases it as well.
        } finally {
          await connection.close();
        }
      }),
    );
  }

  async #take(server: SqlServer, identity: RunIdentity, leavesOut: readonly DrErrorCode[]): Promise<void> {
    let connection: DedicatedConnection | undefined;
    try {
      connection = await server.connect();
      await this.#takeOn(server, connection, `${identity.stack}/${identity.run}`.slice(0, MAX_CONTEXT_LENGTH));
      this.#held.push({ server, connection });
    } catch (thrown) {
      await connection?.close();
      if (thrown instanceof DrError && leavesOut.includes(thrown.code)) return;
      throw thrown;
    }
  }

  async #takeOn(server: SqlServer, connection: DedicatedConnection, context: string): Promise<void> {
    const [[row]] = await connection.read(
      `DECLARE @rc int, @ctx varbinary(128);
SET @ctx = CONVERT(varbinary(128), ${quoteString(context)});
SET CONTEXT_INFO @ctx;
EXEC @rc = master.sys.sp_getapplock @Resource = ${quoteString(this.#resource)}, @LockMode = 'Exclusive', @LockOwner = 'Session',
  @LockTimeout = 0, @DbPrincipal = 'public';
SELECT @rc AS rc;`,
      [returnCodeRow],
      { doing: "taking the lock", timeout: 30_000 },
    );
    if (row !== undefined && row.rc >= 0) return;
    if (row?.rc === -1) throw await this.#heldBySomebody(server);
    throw new DrError({
      code: "SQL_ERROR",
      summary: `sp_getapplock answered ${row?.rc ?? "nothing"}`,
      where: server.place,
      expected: "0, or 1 after a wait",
      hint: "Look at the server's error log.",
    });
  }

  async #heldBySomebody(server: SqlServer): Promise<DrError> {
    const [rows, times] = await server.read(
      `${LOCK_HOLDERS_SQL}\nSELECT CONVERT(varchar(23), GETDATE(), 126) AS now;`,
      [lockHolderRow, nowRow],
      { doing: "asking who holds the lock" },
    );
    const holder = lockHolders(rows, server).find((row) => isLockOf(row.resource, this.#pool));
    const where = server.place;
    if (holder === undefined) {
      const hint = "Its holder has just gone, or the login lacks VIEW SERVER STATE. Run the same command again.";
      return new DrError({ code: "LOCK_HELD", summary: "another run holds the lock of this pool", where, hint });
    }
    const dead = isSuspect(holder, times[0]?.now);
    return new DrError({
      code: "LOCK_HELD",
      summary: `another run holds the lock of this pool: ${describeHolder(holder)}`,
      where,
      found: dead ? "no sign of life for a minute or more" : "a run that is alive",
      hint: dead
        ? `If process ${holder.hostProcessId ?? "?"} on ${holder.hostName} is gone, a sysadmin may end its session: KILL ${holder.sessionId}.`
        : "Wait for it to end. `pulumi cancel` does not stop it.",
    });
  }

  async #beat(): Promise<void> {
    for (const { server, connection } of [...this.#held]) {
      try {
        await connection.send("SELECT 1 AS alive;", { doing: "keeping the lock", timeout: 30_000 });
      } catch (thrown) {
        // Told by assertHeld before the next destructive statement; nobody waits for a heartbeat.
        if (this.#held.length > 0) this.#failure ??= this.#lost(server, toDrError(thrown).summary, thrown);
      }
    }
  }

  #lost(server: SqlServer, found: string, cause?: unknown): DrError {
    return new DrError({
      code: "LOCK_LOST",
      summary: "the lock of this pool is no longer held; nothing more is changed",
      where: server.place,
      expected: "an exclusive session lock",
      found,
      hint: "Run the same command again: it reads what the estate holds now and goes on from there.",
      cause,
    });
  }
}

/** `pchat-dr primary 7f3a ops@host (host, process 4711), since 2013-05-01T02:13:00`. */
export function describeHolder(holder: LockHolder): string {
  const process = holder.hostProcessId === null ? "" : `, process ${holder.hostProcessId}`;
  return `${holder.programName} (${holder.hostName}${process}), since ${holder.loginTime}`;
}

/** Both times are the server's own clock. */
function isSuspect(holder: LockHolder, now: string | undefined): boolean {
  if (now === undefined || holder.lastRequestEndTime === null) return false;
  return Date.parse(`${now}Z`) - Date.parse(`${holder.lastRequestEndTime}Z`) > SUSPECT_AFTER;
}
