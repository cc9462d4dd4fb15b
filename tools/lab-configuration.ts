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

/** What the lab prints, as far as clients need it. */
export const labSchema = z.object({
  instances: z.array(instanceSchema).min(4),
  pool: z.object({ identity: z.string(), fqdn: z.string() }),
  pools: z
    .array(
      z.object({
        identity: z.string(),
        fqdn: z.string(),
        machines: z.object({ primary: z.array(z.string()), backup: z.array(z.string()) }),
        share: z.object({ unc: z.string() }),
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

/** The instance of a site's role in the n-th pool. */
export function labInstance(
  lab: LabDescription,
  site: "primary" | "backup",
  role: "principal" | "mirror" = "principal",
  pool = 0,
): LabInstance {
  const found = lab.instances.filter((instance) => instance.site === site && instance.role === role)[pool];
  if (found === undefined) throw new Error(`the lab has no ${role} of the ${site} site in pool ${String(pool + 1)}`);
  return found;
}

/** Values of the namespace for `pools`, `shell` and `sql`. */
export function labConfiguration(lab: LabDescription): Record<string, unknown> {
  const pools = lab.pools.map((pool, index) => {
    const site = (name: "primary" | "backup", dataCentre: string) => ({
      dataCentre,
      principal: address(labInstance(lab, name, "principal", index)),
      mirror: address(labInstance(lab, name, "mirror", index)),
      activeServers: pool.machines[name],
    });
    return {
      name: pool.fqdn.slice(0, pool.fqdn.indexOf(".")),
      fqdn: pool.fqdn,
      primary: site("primary", "east"),
      backup: site("backup", "west"),
      logShipping: { share: pool.share.unc, copyFolder: String.raw`D:\LSCopy` },
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
