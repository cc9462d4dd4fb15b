/** The configuration of a stack that points at a running lab, from what `npm run lab -- up --json` printed. */
import { z } from "zod";

const instanceSchema = z.object({
  name: z.string(),
  site: z.enum(["primary", "backup"]),
  role: z.enum(["principal", "mirror"]),
  host: z.string(),
  port: z.number(),
  user: z.string(),
  password: z.string(),
  pool: z.string().optional(),
});

const pairSchema = z.object({ principal: z.string(), mirror: z.string().nullable() });
const storesSchema = z.object({ primary: pairSchema, backup: pairSchema });

/** What the lab prints, as far as clients need it. */
export const labSchema = z.object({
  instances: z.array(instanceSchema).min(2),
  pool: z.object({ identity: z.string(), fqdn: z.string() }),
  pools: z
    .array(
      z.object({
        identity: z.string(),
        fqdn: z.string(),
        dataCentres: z.object({ primary: z.string(), backup: z.string() }),
        machines: z.object({ primary: z.array(z.string()), backup: z.array(z.string()) }),
        activeServers: z.object({ primary: z.array(z.string()), backup: z.array(z.string()) }),
        share: z.object({ unc: z.string() }),
        copyFolder: z.string(),
        databases: z.object({ content: z.string(), compliance: z.string().nullable() }),
        instances: storesSchema,
        complianceInstances: storesSchema.nullable(),
      }),
    )
    .min(1),
  shell: z.object({ executable: z.string() }),
  share: z.object({ unc: z.string(), directory: z.string() }),
  journal: z.string(),
  directory: z.string(),
  pid: z.number(),
});

export type LabDescription = z.infer<typeof labSchema>;
export type LabInstance = z.infer<typeof instanceSchema>;

/** The instance of a site's role in the n-th pool. Throws where the pool has none. */
export function labInstance(
  lab: LabDescription,
  site: "primary" | "backup",
  role: "principal" | "mirror" = "principal",
  pool = 0,
): LabInstance {
  const name = lab.pools[pool]?.instances[site][role];
  const found = lab.instances.find((instance) => instance.name === name);
  if (found === undefined) throw new Error(`the lab has no ${role} of the ${site} site in pool ${String(pool + 1)}`);
  return found;
}

/**
 * Values of the namespace for `pools`, `shell` and `sql`.
 * @param settings further settings of every pool
 */
export function labConfiguration(
  lab: LabDescription,
  settings: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const pools = lab.pools.map((pool, index) => {
    const site = (name: "primary" | "backup") => ({
      dataCentre: pool.dataCentres[name],
      principal: address(labInstance(lab, name, "principal", index)),
      ...(pool.instances[name].mirror === null ? {} : { mirror: address(labInstance(lab, name, "mirror", index)) }),
      activeServers: pool.activeServers[name],
    });
    // A compliance database on instances of its own is not the product's: it is transient, and never moved.
    const isShared = JSON.stringify(pool.complianceInstances) === JSON.stringify(pool.instances);
    return {
      name: pool.fqdn.slice(0, pool.fqdn.indexOf(".")),
      fqdn: pool.fqdn,
      primary: site("primary"),
      backup: site("backup"),
      databases: { chat: pool.databases.content, compliance: isShared ? pool.databases.compliance : false },
      logShipping: { share: pool.share.unc, copyFolder: pool.copyFolder },
      ...settings,
    };
  });
  return {
    pools,
    shell: { executable: lab.shell.executable },
    sql: { user: labInstance(lab, "primary").user, encrypt: true, trustServerCertificate: true },
  };
}

function address(instance: LabInstance) {
  return { server: instance.name, host: instance.host, port: instance.port };
}
