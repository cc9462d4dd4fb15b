/** F7b, O7b: the chat is back, by a message that arrives or by a chat server's ping that moves; that moment is recorded. */
import { readPings } from "../compare";
import type { SiteName } from "../desired";
import { DrError, toDrError } from "../errors";
import { instanceOf } from "../estate";
import type { StepContext, StepHandler } from "./step-context";
import { waitFor } from "./wait";

/** Milliseconds between two tries of the cmdlet: each one signs two test users in and sends a message. */
const MESSAGE_INTERVAL = 2_000;

/** The chat is back on a site: it is the one whose copy the pool's state selects by now. */
export function proveService(site: SiteName): StepHandler {
  return {
    sections: ({ plan }) => [plan.authority.principals[site]],
    async converge(context) {
      const evidence =
        context.desired.health.check === "message" ? await sendMessage(context) : await seePing(context, site);
      context.readBack({ ...evidence, ...context.serviceIsBack() });
    },
  };
}

/** A ping whose time changed while we looked: no clock of another machine is compared with any other. */
async function seePing(context: StepContext, site: SiteName): Promise<{ readonly pinged: readonly string[] }> {
  const { chat, health } = context.desired;
  const server = instanceOf(context.estate, context.plan.authority.principals[site]);
  const before = new Map(
    (await readPings(server, chat)).map(({ serverAddress, lastPingTime }) => [serverAddress, lastPingTime]),
  );
  const { seen, satisfied } = await waitFor(
    async () => {
      const moved = (await readPings(server, chat)).filter(
        (ping) => before.get(ping.serverAddress) !== ping.lastPingTime,
      );
      if (moved.length === 0) context.progress(`waiting for a chat server to ping ${server.endpoint.server}`);
      return moved;
    },
    (moved) => moved.length > 0,
    { limitSeconds: health.timeoutSeconds },
  );
  if (satisfied) return { pinged: seen.map((ping) => ping.serverAddress) };
  throw notBack(
    context,
    `no ping in ${chat} on ${server.place} moved (tblServerIdentity has ${pingsText(before.size)})`,
  );
}

/** Test-CsPersistentChatMessage until it succeeds: servers that have just become active refuse for a while. */
async function sendMessage(context: StepContext): Promise<{ readonly message: string }> {
  const { health } = context.desired;
  const { registrar } = health;
  if (registrar === undefined) throw new DrError({ code: "INTERNAL", summary: "a test message without a registrar" });
  const { seen, satisfied } = await waitFor(
    async () => {
      const failure = await tryMessage(context, registrar);
      if (failure !== null) context.progress(`the test message did not arrive yet: ${failure}`);
      return failure;
    },
    (failure) => failure === null,
    { limitSeconds: health.timeoutSeconds, interval: MESSAGE_INTERVAL },
  );
  if (satisfied) return { message: `arrived by way of ${registrar}` };
  throw notBack(context, `Test-CsPersistentChatMessage -TargetFqdn ${registrar}: ${seen ?? ""}`);
}

// Null when it arrived. An error of the cmdlet itself is the same news as its result "Failure"; a missing cmdlet is not.
async function tryMessage(context: StepContext, registrar: string): Promise<string | null> {
  const { health } = context.desired;
  let failure: string | null = "no answer";
  try {
    await context.changeShell(`Test-CsPersistentChatMessage: ${registrar}`, async () => {
      const outcome = await context.estate.shell.testChatMessage({ ...health, registrar });
      failure = outcome.succeeded ? null : [outcome.error, outcome.diagnosis].filter((text) => text !== "").join("; ");
    });
  } catch (thrown) {
    const error = toDrError(thrown);
    if (error.code !== "CMDLET_FAILED") throw error;
    failure = error.summary;
  }
  return failure;
}

function notBack(context: StepContext, found: string): DrError {
  const { activeServers, health } = context.desired;
  return new DrError({
    code: "TIMEOUT",
    summary: `${context.step.id}: the chat did not come back within ${String(health.timeoutSeconds)} s`,
    where: context.step.where,
    expected: context.step.then,
    found,
    hint:
      `Look at the services of the active servers (Get-CsWindowsService -ComputerName ${activeServers.join(" | ")}) and at ` +
      "their event log (53530: the database was lost); start what is stopped, then run the same command again.",
  });
}

function pingsText(count: number): string {
  return count === 0 ? "no row" : `${String(count)} ${count === 1 ? "row" : "rows"}`;
}
