/**
 * The handlers of all kinds, as the provider process runs them: one process-wide runtime, and per kind the seven methods
 * that the stored stub passes on to.
 */
import { isDeepStrictEqual } from "node:util";
import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { authorityText } from "../estate/authority";
import type { Desired } from "../estate/desired";
import { DrError, type DrErrorCode, toDrError, withoutStack } from "../estate/errors";
import { openSteps, plan, planLines, planWords, recordsOnly, stepOf } from "../estate/plan";
import { desiredInputs, sectionOf } from "../estate/plan-inputs";
import type { StepKey } from "../estate/plan-types";
import type { PoolRun, Seen } from "../estate/pool-run";
import { blockingFindings } from "../estate/steps/preflight-findings";
import { tellDrift } from "./drift";
import { closingStep, outputsOf, stepShown } from "./outputs";
import { runtime, stackOf } from "./runtime";
import { assertKnownState } from "./state-version";
import { keyOf, keyOfId } from "./step-key";
import { type Kind, kinds } from "./stub";

/** Placeholder that the engine sends for a value that is not known yet (sdk/nodejs/runtime/rpc). */
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

type Properties = Record<string, unknown>;

const runSchema = z.object({ urn: z.string(), dryRun: z.boolean() });

/** The methods of one kind. Errors leave without a stack: the SDK would print it, and it tells an operator nothing. */
class Handler {
  readonly #kind: Kind;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  /** Stores what to wait for before anything else happens: other calls come in while this one runs. */
  configure(request: pulumi.dynamic.ConfigureRequest): Promise<void> {
    runtime.configure((key) => request.config.get(key));
    return Promise.resolve();
  }

  async check(_olds: Properties, news: Properties): Promise<pulumi.dynamic.CheckResult> {
    return this.#plainErrors(async () => {
      const { run, ...given } = news;
      const told = runSchema.parse(run);
      if (Object.values(given).includes(unknownValue)) return { inputs: given };
      const pool = await this.#pool(given, stackOf(told.urn));
      const key = keyOf(this.#kind, pool.desired, given);
      runtime.tellUrn(pool.desired.pool.name, key, told.urn);
      const inputs: Properties = { ...given, step: "done" };
      const strange = strangeInputs(pool.desired, key, given);
      if (key !== "F0" || strange.length > 0) return { inputs, failures: strange };
      const seen = await pool.see();
      tellDrift(pool, seen, stackOf(told.urn));
      const lines = [...planLines(seen.plan), ...(pool.desired.adopt ? [adopting] : [])].join("\n");
      // A run that only records has nothing that could stand in its way.
      const blocking = recordsOnly(pool.desired, seen.plan)
        ? []
        : blockingFindings(seen.plan, told.dryRun ? "preview" : "up");
      // Once per `up`: the preview before it tells the plan, the update itself does not repeat it. Without a preview, what a
      // person has to decide by is told where it is asked.
      const asked = blocking.length > 0 && seen.plan.authority.outcome === "unclear";
      if (told.dryRun || asked) await runtime.engine.log("info", lines, told.urn);
      else if (pool.desired.stays && seen.plan.authority.outcome === "unclear")
        await runtime.engine.log("warning", `${authorityText(seen.plan.authority)}; ${leftAlone}`, told.urn);
      const failures = blocking.map((finding) => ({ property: "plan", reason: `${finding.message}. ${finding.hint}` }));
      if (failures.length > 0 && (await runtime.isolatesPools())) {
        // A failed check ends the program, and with it every other pool: this pool's Preflight fails when its turn comes.
        if (told.dryRun) await runtime.engine.log("error", stopsThisPool, told.urn);
        return { inputs: { ...inputs, plan: planWords(seen.plan) } };
      }
      return { inputs: { ...inputs, plan: planWords(seen.plan) }, failures };
    });
  }

  async diff(id: string, olds: Properties, news: Properties): Promise<pulumi.dynamic.DiffResult> {
    return this.#plainErrors(async () => {
      const pool = await this.#pool(news, stackOfId(id));
      const key = keyOf(this.#kind, pool.desired, news);
      const { plan } = clearWithoutMode(await pool.see(), pool.desired);
      // What is recorded claims nothing of authority; of a pool that stays not even that is due.
      if (recordsOnly(pool.desired, plan))
        return { changes: pool.desired.adopt && (olds["step"] !== "done" || stepOf(plan, key).open) };
      // No step is open then, and none may pass for done because of it.
      if (plan.authority.outcome === "unclear") {
        const { authority } = plan;
        // Its Preflight tells, and fails; an error here would end the run of every pool.
        if (await runtime.isolatesPools()) return { changes: key === "F0" };
        throw new DrError({ code: "AUTHORITY_UNCLEAR", summary: `${key}: ${authorityText(authority)}` });
      }
      const follows = key === closingStep(pool.desired) && (openSteps(plan).length > 0 || olds["step"] !== "done");
      return { changes: stepOf(plan, key).open || follows };
    });
  }

  async read(id: string, properties: Properties): Promise<pulumi.dynamic.ReadResult> {
    return this.#plainErrors(async () => {
      const pool = await this.#pool(properties, stackOfId(id));
      const { desired } = pool;
      const key = keyOfId(id) ?? keyOf(this.#kind, desired, properties);
      const seen = clearWithoutMode(await this.#see(pool), desired);
      if (key === "F0") tellDrift(pool, seen, stackOfId(id));
      // Neither done nor open can be said: a state that claimed either would be taken for the estate. Where a pool
      // holds up no other its state says that it is unclear, since a refresh that fails would end the run of all.
      if (
        seen.plan.authority.outcome === "unclear" &&
        !recordsOnly(desired, seen.plan) &&
        !(await runtime.isolatesPools())
      )
        throw unclear(this.#kind, seen);
      const shown = shownOf(desired, key, seen);
      // With --run-program a resource is read after the steps before it, so this run's own report may be the newest.
      const report = pool.reportPath ?? properties["report"];
      return { id, inputs: shown, props: { ...outputsOf(key, desired, seen, report), ...shown } };
    });
  }

  async create(inputs: Properties): Promise<pulumi.dynamic.CreateResult> {
    const { pool, key, seen } = await this.#converge(inputs);
    return { id: `${runtime.stack}/${pool}/${key}`, outs: seen };
  }

  async update(_id: string, olds: Properties, news: Properties): Promise<pulumi.dynamic.UpdateResult> {
    return { outs: (await this.#converge(news, olds["report"])).seen };
  }

  /** The estate is left as it is: a destroyed stack must never take a chat service down. */
  async delete(_id: string, properties: Properties): Promise<void> {
    const urn = runtime.urnOf(String(properties["pool"]), this.#kind);
    await runtime.engine.log(
      "info",
      `${this.#kind} of ${String(properties["pool"])}: forgotten; the estate stays as it is.`,
      urn,
    );
  }

  async #converge(
    inputs: Properties,
    reportBefore?: unknown,
  ): Promise<{ pool: string; key: StepKey; seen: Properties }> {
    return this.#plainErrors(async () => {
      const pool = await this.#pool(inputs, runtime.stack);
      const key = keyOf(this.#kind, pool.desired, inputs);
      const seen = await runtime.inHand(() => pool.converge(key));
      const outputs = outputsOf(key, pool.desired, seen, pool.reportPath ?? reportBefore);
      const shown = recordsOnly(pool.desired, seen.plan) ? shownOf(pool.desired, key, seen) : inputs;
      return { pool: pool.desired.pool.name, key, seen: { ...outputs, ...shown } };
    });
  }

  /** The pool's run. What keeps every pool from being opened is told under Preflight, and in short elsewhere. */
  #pool(properties: Properties, stack: string): Promise<PoolRun> {
    const open = async (): Promise<PoolRun> => {
      assertKnownState(properties);
      return runtime.pool(String(properties["pool"]), stack);
    };
    return this.#briefly(open());
  }

  #see(pool: PoolRun): Promise<Seen> {
    return this.#briefly(pool.see());
  }

  async #briefly<Result>(asked: Promise<Result>): Promise<Result> {
    try {
      return await asked;
    } catch (thrown) {
      if (this.#kind === "Preflight") throw thrown;
      throw notRead(this.#kind, toDrError(thrown).code);
    }
  }

  async #plainErrors<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (thrown) {
      throw withoutStack(toDrError(thrown), this.#kind);
    }
  }
}

/** Ids are `<stack>/<pool>/<step>`: a refresh has nothing else that names the stack. */
function stackOfId(id: string): string {
  return id.slice(0, Math.max(id.indexOf("/"), 0));
}

const leftAlone = "failover.pools does not name this pool, so it is left alone";

const stopsThisPool = "an error above stops an up of this pool; it holds up no other.";

const adopting = "adopt: an up records the estate as it is and changes nothing.";

/** The estate as it is, in the shape of the inputs. Of a pool whose authority is unclear nothing is claimed but that. */
function shownOf(desired: Desired, key: StepKey, { observation, plan }: Seen): Properties {
  const pool = desired.pool.name;
  if (plan.authority.outcome === "unclear") return { pool, step: `open: ${authorityText(plan.authority)}` };
  const { inputs, step } = sectionOf(observation, desired, plan, key);
  return { pool, ...inputs, step: stepShown(step, key, desired, plan) };
}

/**
 * A refresh reads with the configuration of the last run unless PULUMI_RUN_PROGRAM says otherwise. Its `failover.mode` says
 * what may be done and not what is: where authority is unclear only because of it, what is there is shown without it.
 */
function clearWithoutMode(seen: Seen, desired: Desired): Seen {
  if (seen.plan.authority.outcome !== "unclear" || desired.mode === null) return seen;
  const plain = plan(seen.observation, { ...desired, mode: null });
  return plain.authority.outcome === "unclear" ? seen : { ...seen, plan: plain };
}

/** The whole reason once, under Preflight; one short line under every other resource. */
function unclear(kind: Kind, seen: Seen): DrError {
  const { authority } = seen.plan;
  if (kind !== "Preflight") return notRead(kind, "AUTHORITY_UNCLEAR");
  const errors = seen.plan.findings.filter((finding) => finding.severity === "error");
  return new DrError({
    code: "AUTHORITY_UNCLEAR",
    summary: errors.map((finding) => finding.message).join("; ") || authority.message,
    found: `\n  ${authority.evidence.join("\n  ")}`,
    hint: errors[0]?.hint ?? authority.hint,
  });
}

function notRead(kind: Kind, code: DrErrorCode): DrError {
  return new DrError({ code, summary: `${kind}: not read, see Preflight` });
}

/** Steps act by the configuration alone: a resource that says something else would show what it does not do. */
function strangeInputs(desired: Desired, key: StepKey, given: Properties): pulumi.dynamic.CheckFailure[] {
  const wanted: Properties = { pool: desired.pool.name, ...desiredInputs(desired, key) };
  const properties = new Set([...Object.keys(wanted), ...Object.keys(given)]);
  properties.delete("__provider");
  return [...properties]
    .filter((property) => !isDeepStrictEqual(given[property], wanted[property]))
    .map((property) => ({
      property,
      reason: `expected ${JSON.stringify(wanted[property]) ?? "no such property"}, as the configuration of pool ${desired.pool.name} has it`,
    }));
}

const handlers = new Map<Kind, Handler>(kinds.map((kind) => [kind, new Handler(kind)]));

/** The handler of a kind, for the stored stubs. Throws for a kind that this version does not know. */
export function handler(kind: string): Handler {
  const found = handlers.get(kind as Kind);
  if (found === undefined) throw new Error(`persistent-chat has no resource kind ${kind}; it has ${kinds.join(", ")}`);
  return found;
}
