/** Reads what discovery needs of a living estate: cmdlets that only read, and SELECTs. Nothing is changed. */
import { isIP } from "node:net";
import { DrError, toDrError } from "../errors";
import { readLogShipping } from "../observe-history";
import { readJobs } from "../observe-jobs";
import { readServer } from "../observe-server";
import type { ManagementShell } from "../shell/management-shell";
import type { RunIdentity } from "../sql/client-name";
import { SqlServer } from "../sql/connection";
import type { SqlEndpoint } from "../sql/endpoint";
import {
  addressText,
  type AskedAddress,
  type InstanceAddress,
  type InstanceAnswer,
  type InstanceReading,
  type PoolTopology,
  type Read,
} from "./evidence";
import { CHAT_DATABASE, COMPLIANCE_DATABASE } from "./pool";

/** How every instance is logged in to. */
export type Login = Pick<
  SqlEndpoint,
  "user" | "password" | "encrypt" | "trustServerCertificate" | "connectTimeoutSeconds" | "requestTimeoutSeconds"
>;

/**
 * The Persistent Chat pools of the topology, of which `wanted` are looked at (all when empty). Throws DrError when the shell does not
 * answer or a wanted pool does not exist.
 */
export async function readPools(shell: ManagementShell, wanted: readonly string[]): Promise<PoolTopology[]> {
  const services = await shell.getPersistentChatServices();
  const names = services.map((service) => service.poolFqdn);
  const missing = wanted.filter((fqdn) => !names.includes(fqdn.toLowerCase()));
  if (services.length === 0 || missing.length > 0) {
    throw new DrError({
      code: "UNEXPECTED_ANSWER",
      summary: "the topology has no such Persistent Chat pool",
      where: shell.address,
      expected: missing.length === 0 ? "one pool or more" : missing.join(", "),
      found: names.length === 0 ? "none" : names.join(", "),
      hint: "Get-CsService -PersistentChatServer lists them; leave --pool out for all.",
    });
  }
  const looked = services.filter(
    ({ poolFqdn }) => wanted.length === 0 || wanted.some((fqdn) => fqdn.toLowerCase() === poolFqdn),
  );
  return Promise.all(
    looked.map(async ({ poolFqdn, activeServers, stores }) => ({
      fqdn: poolFqdn,
      activeServers,
      stores,
      machines: await attempt(() => shell.getPool(poolFqdn), shell.address),
      poolState: await attempt(async () => (await shell.getPersistentChatState(poolFqdn)).poolState, shell.address),
    })),
  );
}

/** Asks every address, side by side. An instance that does not answer, or does not tell, says so in its reading. */
export function readInstances(
  asked: readonly AskedAddress[],
  login: Login,
  identity: RunIdentity,
): Promise<InstanceReading[]> {
  return Promise.all(
    asked.map(async ({ address, store }) => {
      const endpoint = endpointOf(address, store, login);
      const server = new SqlServer(endpoint, identity);
      try {
        const answer = await attempt(() => readInstance(server), addressText(address));
        return { address, ...(store === undefined ? {} : { store }), answer };
      } finally {
        await server.close();
      }
    }),
  );
}

async function readInstance(server: SqlServer): Promise<InstanceAnswer> {
  const { server: identity, databases } = await readServer(server, [CHAT_DATABASE, COMPLIANCE_DATABASE]);
  const shipping = await attempt(async () => {
    const { jobs } = await readJobs(server, CHAT_DATABASE);
    return readLogShipping(server, CHAT_DATABASE, jobs);
  }, server.place);
  return { serverName: identity.serverName, databases, shipping };
}

function endpointOf(address: InstanceAddress, store: string | undefined, login: Login): SqlEndpoint {
  const { host, port, instance } = address;
  // Its own name is what is asked for; errors tell the address beside it.
  const server = store ?? (isIP(host) === 0 ? host : "instance");
  return { ...login, server, host, port: instance === undefined ? (port ?? 1433) : undefined, instance };
}

/** A reading, or the reason why there is none; a defect of the product is thrown. */
async function attempt<Value>(read: () => Promise<Value>, where: string): Promise<Read<Value>> {
  try {
    return { read: true, value: await read() };
  } catch (thrown) {
    const error = toDrError(thrown, where);
    if (error.code === "INTERNAL") throw error;
    return { read: false, reason: error.message };
  }
}
