/** The Cs cmdlets in a shell: bound here, executed by the lab's daemon; prompts and -WhatIf are the shell's. */
import type { CmdletMetadata, ShellResponse, WireValue } from "../control-protocol";
import type { ControlClient } from "./control-client";
import { type CmdletContext, type CmdletDefinition, confirm } from "./cmdlet";
import { toBoolean, toText } from "./conversions";
import { CmdletFailure, failure } from "./error-record";
import { getMember } from "./members";
import { TaskLogger } from "./task-logger";
import { NativeObject, type Value, isNull } from "./values";
import { fromWire, toWire } from "./wire";

/** A remote session as the daemon knows it. */
export interface RemoteSession {
  readonly id: string;
  /** Open until Remove-PSSession, or until the daemon no longer knows it. */
  open: boolean;
}

/** Parameters that the shell keeps to itself. */
const LOCAL = new Set([
  "confirm",
  "erroraction",
  "errorvariable",
  "warningaction",
  "warningvariable",
  "informationaction",
  "informationvariable",
  "outvariable",
  "outbuffer",
  "pipelinevariable",
  "verbose",
  "debug",
]);

/** Makes a cmdlet of metadata. @param session absent: the local management shell */
export function managementCmdlet(
  metadata: CmdletMetadata,
  client: ControlClient,
  session?: RemoteSession,
): CmdletDefinition {
  return {
    metadata,
    async *run(context, input) {
      for await (const item of targets(metadata, context, input))
        yield* execute(metadata, client, session, context, item);
    },
  };
}

/** One run without objects of the pipeline, else one per object. */
async function* targets(
  metadata: CmdletMetadata,
  { piped, bound }: CmdletContext,
  input: AsyncIterable<Value>,
): AsyncGenerator<Value, void> {
  const takes = metadata.parameters.find(({ pipeline, name }) => pipeline !== undefined && !bound.has(name));
  if (!piped || takes === undefined) {
    yield undefined;
    return;
  }
  yield* input;
}

async function* execute(
  metadata: CmdletMetadata,
  client: ControlClient,
  session: RemoteSession | undefined,
  context: CmdletContext,
  item: Value,
): AsyncGenerator<Value, void> {
  const { bound, session: shell } = context;
  const parameters: Record<string, WireValue> = {};
  for (const [name, value] of bound.entries()) if (!LOCAL.has(name.toLowerCase())) parameters[name] = toWire(value);
  Object.assign(parameters, fromPipeline(metadata, context, item));
  if (toBoolean(shell.read("WhatIfPreference", shell.global)) && metadata.shouldProcess === true)
    parameters["WhatIf"] ??= true;
  const unasked = toText(shell.read("ConfirmPreference", shell.global)).toLowerCase() === "none";
  let confirmed = bound.has("Confirm") ? !bound.flag("Confirm") : unasked || metadata.asksOnlyWhenTold === true;
  for (;;) {
    const response = await ask(client, session, {
      kind: "cmdlet",
      cmdlet: metadata.name,
      parameters,
      text: shell.mask(shell.line),
      confirmed,
    });
    switch (response.kind) {
      case "objects":
        noteOutput(context, response.objects);
        for (const object of response.objects) yield fromWire(object, session !== undefined);
        return;
      case "confirmation":
        if (!(await confirm(shell, response.action, response.target, response.details))) return;
        confirmed = true;
        break;
      case "what-if":
        shell.console.write(
          `What if: Performing the operation "${response.action}" on target "${response.target}".${shell.newLine}`,
        );
        return;
      default:
        throw unexpected(response);
    }
  }
}

/** -OutLoggerVariable and -OutVerboseVariable of the Test-Cs cmdlets: what they found, in variables of the caller. */
function noteOutput({ bound, session }: CmdletContext, objects: readonly WireValue[]): void {
  const logger = bound.text("OutLoggerVariable");
  if (logger !== undefined) session.global.variables.set(logger.toLowerCase(), new TaskLogger(objects));
  const verbose = bound.text("OutVerboseVariable");
  if (verbose !== undefined) session.global.variables.set(verbose.toLowerCase(), new TaskLogger(objects).text());
}

/** -Instance takes the whole object, -Identity its property of that name, or the text itself. */
function fromPipeline(metadata: CmdletMetadata, { bound }: CmdletContext, item: Value): Record<string, WireValue> {
  if (isNull(item)) return {};
  const whole = metadata.parameters.find(({ pipeline, name }) => pipeline === "value" && !bound.has(name));
  if (whole !== undefined) return { [whole.name]: toWire(item) };
  const byName = metadata.parameters.find(({ pipeline, name }) => pipeline === "property" && !bound.has(name));
  if (byName === undefined) return {};
  const value = item instanceof NativeObject ? getMember(item, byName.name) : item;
  return isNull(value) ? {} : { [byName.name]: toText(value) };
}

function unexpected(response: ShellResponse): CmdletFailure {
  if (response.kind === "error") return new CmdletFailure(response.error);
  return failure(
    "UnexpectedAnswer",
    "ProtocolError",
    "System.InvalidOperationException",
    `The Central Management store answered "${response.kind}", which this shell does not know.`,
  );
}

type Message = Parameters<ControlClient["request"]>[0];

/** Sends a request; what goes wrong on the way becomes an error of the cmdlet. */
export async function ask(
  client: ControlClient,
  session: RemoteSession | undefined,
  message: Message,
): Promise<ShellResponse> {
  if (session !== undefined && !session.open)
    throw failure(
      "InvalidRunspaceState",
      "InvalidOperation",
      "System.Management.Automation.Runspaces.InvalidRunspaceStateException",
      `Because the session state for session ${session.id} is not equal to Open, you cannot run a command in the session. The session state is Broken.`,
    );
  let response: ShellResponse;
  try {
    response = await client.request(session === undefined ? message : { ...message, session: session.id });
  } catch (error) {
    if (session !== undefined) session.open = false;
    throw failure(
      "CentralManagementStoreUnavailable",
      "ConnectionError",
      "System.InvalidOperationException",
      error instanceof Error ? error.message : String(error),
    );
  }
  if (response.kind !== "error") return response;
  if (session !== undefined && response.error.errorId === "InvalidRunspaceState") session.open = false;
  throw new CmdletFailure(response.error);
}
