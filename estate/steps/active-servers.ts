/** F1 and P1, F6 and O7: the list of active servers. */
import { serverName } from "../desired";
import type { InstanceRole } from "../observation-types";
import { sameList } from "../plan-steps";
import { poolSessions } from "../relations";
import { readBackDiffers, type StepContext, type StepHandler } from "./step-context";
import { waitForReplication } from "./replication";
import { waitFor } from "./wait";

/** F1 and P1: nobody is active, every machine knows it, and the chat servers have left the databases of the site that serves. */
export function clearActiveServers(site: "primary" | "backup"): StepHandler {
  return {
    sections: ({ plan }) => ["shell", plan.authority.principals[site]],
    async converge(context) {
      await setActiveServers(context, []);
      if (context[site] !== undefined) await waitForSessions(context, context.plan.authority.principals[site]);
    },
  };
}

/** F6 and O7: the list of the site that is to be active, as a set. */
export const activateServers: StepHandler = {
  sections: () => ["shell"],
  async converge(context) {
    await setActiveServers(context, context.desired.activeServers);
  },
};

async function setActiveServers(context: StepContext, target: readonly string[]): Promise<void> {
  const before = await context.readShell();
  if (!sameList(before.activeServers, target)) {
    const names = target.length === 0 ? "$Null" : target.join(", ");
    await context.changeShell(`Set-CsPersistentChatActiveServer: ${names}`, () =>
      context.estate.shell.setActiveServers(
        before.serviceIdentity,
        target.length === 0 ? null : target,
        before.activeServers,
      ),
    );
  }
  const after = await waitForReplication(context);
  context.readBack({ activeServersBefore: before.activeServers, activeServers: after.activeServers });
  if (!sameList(after.activeServers, target)) {
    throw readBackDiffers(context.step, `active servers ${listText(target)}`, listText(after.activeServers));
  }
}

// A courtesy: the fence that follows ends what is left, and nothing that it refuses was told stored.
async function waitForSessions(context: StepContext, role: InstanceRole): Promise<void> {
  const { machines } = await context.readShell();
  const databases = [
    context.desired.chat,
    ...(context.desired.compliance === false ? [] : [context.desired.compliance]),
  ];
  let quiet = 0;
  const { seen } = await waitFor(
    async () => {
      const present = { sessions: await context.readSessions(role) };
      const sessions = databases.flatMap((database) => poolSessions(present, database, machines)).length;
      quiet = sessions === 0 ? quiet + 1 : 0;
      if (sessions > 0)
        context.progress(
          `${String(sessions)} sessions of chat servers are still in the databases of ${serverName(context.desired.pool, role)}`,
        );
      return sessions;
    },
    () => quiet >= 3,
    { limitSeconds: context.desired.timeouts.sessionsSeconds, interval: 200 },
  );
  context.readBack({ chatSessionsLeft: seen });
}

function listText(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}
