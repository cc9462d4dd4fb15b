/** Set-Cs* cmdlets write to the Central Management store; every machine of the pool then receives the change. */
import { lostMachines } from "../desired";
import { DrError } from "../errors";
import type { ShellObservation } from "../observation-types";
import type { StepContext } from "./step-context";
import { waitFor } from "./wait";

/**
 * Waits until every machine of the pool is up to date, those of a site that was lost left out; answers the shell as it was
 * read last. Throws TIMEOUT.
 */
export async function waitForReplication(context: StepContext): Promise<ShellObservation> {
  const lost = lostMachines(context.desired);
  const limitSeconds = context.desired.timeouts.replicationSeconds;
  const { seen, satisfied } = await waitFor(
    async () => {
      const shell = await context.readShell();
      const behind = lagging(shell, lost);
      if (behind.length > 0) context.progress(`replication: ${String(behind.length)} machines are not up to date yet`);
      return shell;
    },
    (shell) => lagging(shell, lost).length === 0,
    { limitSeconds },
  );
  if (satisfied) return seen;
  throw new DrError({
    code: "TIMEOUT",
    summary: `the configuration did not reach every machine of the pool within ${String(limitSeconds)} s`,
    where: context.estate.shell.address,
    expected: "UpToDate on every machine (Get-CsManagementStoreReplicationStatus)",
    found: `not up to date: ${lagging(seen, lost).join(", ")}`,
    hint: "Bring the machines or their replica service back, or raise timeouts.replicationSeconds, then run the same command again.",
  });
}

/** Machines of the pool whose replica is not up to date, and need be. */
function lagging(shell: ShellObservation, lost: ReadonlySet<string>): readonly string[] {
  const machines = new Set(shell.machines.filter((machine) => !lost.has(machine.toLowerCase())));
  return shell.replication
    .filter((replica) => machines.has(replica.replicaFqdn) && !replica.upToDate)
    .map((replica) => replica.replicaFqdn);
}
