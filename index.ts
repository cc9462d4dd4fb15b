/** The program: configuration in, one component per pool out. */
import * as pulumi from "@pulumi/pulumi";
import { Failback } from "./components/failback";
import { formatProblems, parseConfiguration } from "./estate/configuration";
import { rawConfiguration } from "./estate/configuration-text";
import { desiredOf } from "./estate/desired";

const namespace = `${pulumi.getProject()}:`;
const given = pulumi.runtime.allConfig();
const keys = Object.keys(given)
  .filter((key) => key.startsWith(namespace))
  .map((key) => key.slice(namespace.length));
const parsed = parseConfiguration(rawConfiguration((key) => given[namespace + key], keys));
if (!parsed.ok) throw new pulumi.RunError(formatProblems(parsed.problems));
const configuration = parsed.value;
if (configuration.active !== "primary") {
  throw new pulumi.RunError(
    `persistent-chat-dr:active is "${configuration.active}" on stack ${pulumi.getStack()}: this version brings the chat home ` +
      `(active: primary); the way to the backup site is Microsoft's failover runbook.`,
  );
}

/** What each pool ended as; evidence and times stand in the report. */
export const pools = Object.fromEntries(
  configuration.pools.map((pool) => {
    const failback = new Failback(pool.name, desiredOf(configuration, pool.name));
    const { authority, poolState, activeServers, backupSetId, backupFile, report } = failback;
    return [pool.name, { authority, poolState, activeServers, backupSetId, backupFile, report }];
  }),
);
