/**
 * `npm run promote -- preview | up`: a plan that was reviewed is the plan that is executed, or nothing is. Pulumi's own plan file binds
 * the operations; the file beside it binds what was seen of the estate, property by property, and can say what moved.
 * Exit codes: the CLI's own, and 10 when the estate or the configuration moved since the plan was made: nothing was changed then.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { DrError, toDrError } from "../estate/errors";
import { printable } from "../estate/printable";
import { type Preview, previewOf } from "./preview-json";
import { movedLines, movedSince, planMarkdown, type Promotion, promotionSchema } from "./promotion";
import { runPulumi } from "./run-pulumi";

interface Options {
  readonly stack: string;
  readonly folder: string;
  readonly json: boolean;
}

/** The estate or the configuration is not what the plan was made for. */
const MOVED = 10;

/** Files of a promotion's folder: Pulumi's plan, what was seen, and both for people. */
const FILES = { plan: "plan.json", promotion: "promotion.json", readable: "plan.md" } as const;

function program(preview: (options: Options) => Promise<void>, up: (options: Options) => Promise<void>): Command {
  const promote = new Command("promote")
    .description("Plan a change of a stack, and execute that very plan")
    .exitOverride();
  const command = (name: string, description: string): Command =>
    promote
      .command(name)
      .description(description)
      .option("--stack <name>", "stack", "primary")
      .option("--folder <folder>", "where the plan lies", "promotion")
      .option("--json", "the result for programs; what the CLI says goes to standard error", false);
  command("preview", "Preview, and keep the plan with all that was seen").action(preview);
  command("up", "Execute a plan, unless something moved since").action(up);
  return promote;
}

const common = (options: Options): string[] => ["--stack", options.stack, "--non-interactive", "--color", "never"];

async function previewed(options: Options, ...more: readonly string[]): Promise<{ code: number; preview: Preview }> {
  const { code, output } = await runPulumi(["preview", "--json", ...common(options), ...more], "collect");
  try {
    return { code, preview: previewOf(output) };
  } catch {
    // It failed before it had a preview; the reason stands on standard error, or here instead of JSON.
    const text = output.trim() === "" ? "there was no preview; the log of this run says why" : printable(output);
    const said = [{ severity: "error", text }];
    return { code: code === 0 ? 1 : code, preview: { steps: [], messages: said } };
  }
}

async function plan(options: Options): Promise<number> {
  mkdirSync(options.folder, { recursive: true });
  // An older plan must not pass for this one's.
  for (const file of Object.values(FILES)) rmSync(join(options.folder, file), { force: true });
  const planFile = join(options.folder, FILES.plan);
  const { code, preview } = await previewed(options, "--save-plan", planFile);
  const readable = planMarkdown(options.stack, preview, code !== 0);
  writeFileSync(join(options.folder, FILES.readable), readable);
  if (code === 0) {
    const promotion: Promotion = {
      version: 1,
      stack: options.stack,
      plan: digest(planFile),
      made: new Date().toISOString(),
      steps: preview.steps.map((step) => ({ ...step, changes: [...step.changes] })),
    };
    writeFileSync(join(options.folder, FILES.promotion), `${JSON.stringify(promotion, undefined, 2)}\n`);
  } else rmSync(planFile, { force: true });
  tell(options, { outcome: code === 0 ? "planned" : "failed", ...preview }, readable);
  return code;
}

async function execute(options: Options): Promise<number> {
  const promotion = keptPromotion(options);
  const { code, preview } = await previewed(options);
  if (code !== 0) {
    tell(options, { outcome: "failed", ...preview }, planMarkdown(options.stack, preview, true));
    return code;
  }
  const moved = movedSince(promotion.steps, preview.steps);
  if (moved.length > 0) {
    const head = `Refused: not as it was when the plan was made (${printable(promotion.made)}). Nothing was changed; preview again.`;
    tell(options, { outcome: "moved", moved }, [head, "", ...movedLines(moved), ""].join("\n"));
    return MOVED;
  }
  // From here on the plan file refuses whatever still moves: Preflight's steps are part of it, and it comes first.
  const planFile = join(options.folder, FILES.plan);
  const up = ["up", "--yes", "--skip-preview", "--plan", planFile, ...common(options)];
  const run = await runPulumi(up, options.json ? 2 : 1);
  if (options.json) tell(options, { outcome: run.code === 0 ? "promoted" : "failed" }, "");
  return run.code;
}

function keptPromotion(options: Options): Promotion {
  const file = join(options.folder, FILES.promotion);
  const refuse = (expected: string, found: string): DrError =>
    new DrError({
      code: "CONFIGURATION_INVALID",
      summary: "the folder holds no plan that could be executed",
      where: file,
      expected,
      found,
      hint: `Make one: npm run promote -- preview --stack ${options.stack} --folder ${options.folder}`,
    });
  let promotion: Promotion;
  try {
    promotion = promotionSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (thrown) {
    throw refuse("what a preview kept", thrown instanceof SyntaxError ? "no JSON" : printable(String(thrown), 200));
  }
  if (promotion.stack !== options.stack)
    throw refuse(`a plan of stack ${options.stack}`, `one of ${printable(promotion.stack)}`);
  const found = digest(join(options.folder, FILES.plan));
  if (found !== promotion.plan)
    throw refuse(`the plan file that was made with it (${promotion.plan.slice(0, 12)})`, found.slice(0, 12));
  return promotion;
}

function digest(file: string): string {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex");
  } catch {
    return "no file";
  }
}

function tell(options: Options, result: object, text: string): void {
  process.stdout.write(options.json ? `${JSON.stringify(result, undefined, 2)}\n` : text);
}

async function run(args: readonly string[]): Promise<number> {
  let code = 1;
  const ending = (action: (options: Options) => Promise<number>) => async (options: Options) => {
    code = await action(options);
  };
  try {
    await program(ending(plan), ending(execute)).parseAsync([...args], { from: "user" });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode;
    process.stderr.write(`error: ${toDrError(thrown).message}\n`);
    return 1;
  }
}

if (require.main === module) {
  void run(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
