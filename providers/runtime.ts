/**
 * What the provider process keeps: configuration, one shell, the pools with their connections, and the engine. One per
 * process, whatever resources come and go.
 */
import { randomBytes } from "node:crypto";
import { type Configuration, formatProblems, parseConfiguration } from "../estate/configuration";
import { rawConfiguration } from "../estate/configuration-text";
import { desiredOf } from "../estate/desired";
import { DrError, toDrError } from "../estate/errors";
import { closeEstate, Connections, type Estate, openEstate } from "../estate/estate";
import type { StepKey } from "../estate/plan-types";
import { PoolRun } from "../estate/pool-run";
import { forThisRun } from "../estate/run-mode";
import { Engine } from "./engine";
import type { Kind } from "./stub";

/** Environment variable with the folder of the reports; `reports` below the project's folder unless set. */
export const reportsVariable = "PERSISTENT_CHAT_DR_REPORTS";

interface OpenPools {
  readonly estates: readonly Estate[];
  readonly runs: ReadonlyMap<string, PoolRun>;
}

class Runtime {
  readonly engine = new Engine(process.argv[2]);
  readonly #urns = new Map<string, string>();
  #configuration: ((key: string) => string | undefined) | undefined;
  #pools: Promise<OpenPools> | undefined;
  readonly #inHand = new Set<Promise<unknown>>();
  #ending = false;

  /**
   * Takes the configuration and watches the engine. Only the first call counts: every kind brings the same configuration.
   * The call that follows at once tells which stack this is, which nothing in the process's environment does.
   */
  configure(get: (key: string) => string | undefined): void {
    if (this.#configuration !== undefined) return;
    this.#configuration = get;
    this.engine.watch(() => void this.#end("the engine is gone"));
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => void this.#end(`of ${signal}`));
    }
  }

  /**
   * The run of a pool. The first call opens all pools and begins to observe them side by side.
   * @param stack name of the stack, for reports and for whoever meets our lock
   * Throws CONFIGURATION_INVALID.
   */
  async pool(name: string, stack: string): Promise<PoolRun> {
    const get = this.#configuration;
    if (get === undefined) throw new DrError({ code: "INTERNAL", summary: "a handler was called before configure" });
    this.#pools ??= this.#open(get, stack);
    const run = (await this.#pools).runs.get(name);
    if (run !== undefined) return run;
    throw new DrError({
      code: "CONFIGURATION_INVALID",
      summary: `the configuration has no pool "${name}"`,
      hint: "A pool that was renamed is forgotten with: pulumi state delete, then taken on again by the next up.",
    });
  }

  /**
   * True where a pool that refuses is to hold up no other: there are several, and Pulumi goes on with the others when one
   * fails. By the variable alone, since a provider cannot see `--continue-on-error`: a Preflight that failed without it would
   * stop the other pools wherever they are. Known once a pool was asked for.
   */
  async isolatesPools(): Promise<boolean> {
    const goesOn = ["1", "true"].includes((process.env["PULUMI_CONTINUE_ON_ERROR"] ?? "").toLowerCase());
    return goesOn && ((await this.#pools)?.runs.size ?? 0) > 1;
  }

  /** Takes a step in hand: the process does not end before it has. */
  async inHand<Result>(step: () => Promise<Result>): Promise<Result> {
    if (this.#ending) throw new DrError({ code: "CANCELLED", summary: "this process is ending; nothing was begun" });
    const work = step();
    this.#inHand.add(work);
    try {
      return await work;
    } finally {
      this.#inHand.delete(work);
    }
  }

  /** Remembers under which resource a step's messages belong. */
  tellUrn(pool: string, key: StepKey, urn: string): void {
    this.#urns.set(`${pool}/${key}`, urn);
  }

  /** The stack of a URN that was told; "" before. */
  get stack(): string {
    const [urn = ""] = this.#urns.values();
    return stackOf(urn);
  }

  /** URN of a resource by kind, "" when it was not told. */
  urnOf(pool: string, kind: Kind): string {
    for (const [key, urn] of this.#urns) if (key.startsWith(`${pool}/`) && urn.includes(`:${kind}::`)) return urn;
    return "";
  }

  async #open(get: (key: string) => string | undefined, stack: string): Promise<OpenPools> {
    const parsed = parseConfiguration(rawConfiguration(get));
    if (!parsed.ok) throw new DrError({ code: "CONFIGURATION_INVALID", summary: formatProblems(parsed.problems) });
    const configuration = forThisRun(parsed.value);
    const identity = { stack, run: randomBytes(4).toString("hex") };
    const connections = new Connections(configuration, identity);
    const estates = configuration.pools.map((pool) => openEstate(pool, connections));
    const runs = new Map<string, PoolRun>();
    for (const estate of estates) {
      const { name } = estate.pool;
      const run = new PoolRun(estate, desiredOf(configuration, name), {
        identity,
        secrets: secretsOf(configuration),
        reportFolder: process.env[reportsVariable],
        listener: { progress: (key, text) => void this.engine.progress(text, this.#urns.get(`${name}/${key}`) ?? "") },
      });
      run.startObservation();
      runs.set(name, run);
    }
    return { estates, runs };
  }

  /** A step in hand is finished and journalled, then locks, shell and connections are given back. */
  async #end(why: string): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    await Promise.allSettled(this.#inHand);
    // Pools that could not be opened were told to whoever asked for them, and have nothing to close.
    const pools = await this.#pools?.catch(() => undefined);
    const runs = [...(pools?.runs.values() ?? [])];
    const ends = [
      ...(await Promise.allSettled(runs.map((run) => run.close()))),
      ...(await Promise.allSettled((pools?.estates ?? []).map((estate) => closeEstate(estate)))),
    ];
    for (const end of ends) {
      if (end.status === "rejected") process.stderr.write(`ending, because ${why}: ${toDrError(end.reason).message}\n`);
    }
    this.engine.close();
    process.exit();
  }
}

/** `primary` of `urn:pulumi:primary::persistent-chat-dr::…` (Pulumi's "Resource URNs"). */
export function stackOf(urn: string): string {
  return /^urn:pulumi:(.*?)::/.exec(urn)?.[1] ?? "";
}

function secretsOf(configuration: Configuration): string[] {
  const { env } = process;
  const secrets = [
    configuration.sqlPassword,
    configuration.shellPassword,
    env["PERSISTENT_CHAT_DR_SQL_PASSWORD"],
    env["PERSISTENT_CHAT_DR_SHELL_PASSWORD"],
  ];
  return secrets.filter((secret) => secret !== undefined);
}

export const runtime = new Runtime();
