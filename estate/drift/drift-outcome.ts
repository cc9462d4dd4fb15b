/** What a drift run ends with: Pulumi's own answer and the reports of the pools, put together. Pure. */
import { z } from "zod";
import { plainMessage } from "../cli-message";
import type { Drift } from "./drift-types";

/** `clean`: all was read and is as desired. `drift`: something is not. `unknown`: that cannot be said. */
export type Outcome = "clean" | "drift" | "unknown";

/** A resource that the program has and the state has not, or the other way round. */
export interface StateChange {
  /** Type and name of the URN: `ActiveServers lyncpc-active-servers`. */
  readonly resource: string;
  /** Pulumi's word: create, delete, replace. */
  readonly operation: string;
}

/** What `pulumi preview --json` printed, as far as it is looked at. */
const previewSchema = z.object({
  steps: z.array(z.object({ op: z.string(), urn: z.string() })).optional(),
  diagnostics: z.array(z.object({ message: z.string(), severity: z.string() })).optional(),
});

/** The preview's part of a drift run. */
export interface PreviewAnswer {
  readonly exitCode: number;
  readonly state: readonly StateChange[];
  /** Error messages of the run, each once. */
  readonly errors: readonly string[];
}

/** One drift run of a stack. */
export interface DriftRun {
  readonly stack: string;
  readonly outcome: Outcome;
  /** 0 clean, 7 drift, anything else: could not tell. */
  readonly exitCode: number;
  readonly preview: PreviewAnswer;
  readonly pools: readonly Drift[];
}

/** Pulumi's exit code for changes although none were expected (sdk/go/common/util/cmdutil/exit.go). */
export const CHANGES_EXIT_CODE = 7;

/**
 * Reads what the preview printed. Text that is no JSON (an error before the preview began) is an error of the run itself.
 * @param exitCode of the CLI; null when a signal ended it
 */
export function previewAnswer(exitCode: number | null, output: string, errorOutput: string): PreviewAnswer {
  const preview = previewSchema.safeParse(jsonIn(output));
  const steps = preview.data?.steps ?? [];
  const told = (preview.data?.diagnostics ?? [])
    .filter((one) => one.severity === "error")
    .map((one) => plainMessage(one.message))
    // The CLI's own word for "one of the above".
    .filter((message) => message !== "preview failed");
  const code = exitCode ?? 1;
  const failed = code !== 0 && code !== CHANGES_EXIT_CODE;
  const errors = told.length > 0 || !failed ? told : [plainMessage([output, errorOutput].join("\n"))];
  return { exitCode: code, state: steps.flatMap(stateChange), errors: [...new Set(errors)] };
}

/**
 * Drift that is known is told even where the preview itself failed or was refused. Where a part of the estate could not be
 * read, nothing is called drift or clean.
 */
export function driftRun(stack: string, preview: PreviewAnswer, pools: readonly Drift[]): DriftRun {
  const unread = pools.some((pool) => pool.unread.length > 0);
  const rows = pools.some((pool) => pool.rows.length > 0);
  const answered = preview.exitCode === 0 || preview.exitCode === CHANGES_EXIT_CODE;
  const differs = rows || preview.state.length > 0 || preview.exitCode === CHANGES_EXIT_CODE;
  const outcome: Outcome =
    unread || pools.length === 0 || (!answered && !rows) ? "unknown" : differs ? "drift" : "clean";
  const codes = { clean: 0, drift: CHANGES_EXIT_CODE, unknown: answered ? 1 : preview.exitCode };
  return { stack, outcome, exitCode: codes[outcome], preview, pools };
}

// The CLI may warn in plain text before the JSON begins, which it does on a line of its own.
function jsonIn(output: string): unknown {
  const begin = output.search(/^\{/m);
  try {
    return begin < 0 ? undefined : JSON.parse(output.slice(begin));
  } catch {
    return undefined;
  }
}

function stateChange({ op, urn }: { readonly op: string; readonly urn: string }): StateChange[] {
  const [type = "", name = ""] = urn.split("::").slice(2);
  const kind = /pulumi-nodejs:dynamic\/persistent-chat:(\w+)$/.exec(type)?.[1];
  if (kind === undefined || ["same", "update", "read", "refresh"].includes(op)) return [];
  return [{ resource: `${kind} ${name}`, operation: op }];
}
