/** The program: configuration in, one component per pool out. */
import * as pulumi from "@pulumi/pulumi";
import { Failback } from "./components/failback";
import { Failover } from "./components/failover";
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

/** What each pool ended as; evidence and times stand in the report. */
export const pools = Object.fromEntries(
  configuration.pools.map((pool) => {
    const desired = desiredOf(configuration, pool.name);
    if (configuration.active === "backup") {
      const { authority, poolState, activeServers, report } = new Failover(pool.name, desired);
      return [pool.name, { authority, poolState, activeServers, report }];
    }
    const failback = new Failback(pool.name, desired);
    const { authority, poolState, activeServers, backupSetId, backupFile, report } = failback;
    return [pool.name, { authority, poolState, activeServers, backupSetId, backupFile, report }];
  }),
);
