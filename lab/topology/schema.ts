/**
 * The schema of a topology file (`lab up --topology FILE`), as zod objects. Every message is the expected form in words;
 * a strict object's message is the list of its keys.
 */
import { z } from "zod";

/** A strict object: unknown keys are refused, and the message lists the known ones. */
function section<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? Object.keys(shape).join(", ")
        : `an object with ${Object.keys(shape).join(", ")}`,
  });
}

function text(expected: string, form: RegExp, longest = 255) {
  return z
    .string({ error: expected })
    .refine((value) => value.length <= longest && form.test(value), { error: expected });
}

function list<Item extends z.ZodType>(item: Item, expected: string, least: number, most: number) {
  return z.array(item, { error: expected }).min(least, { error: expected }).max(most, { error: expected });
}

const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const fqdn = text(
  "a fully qualified domain name such as sql-e1.contoso.com",
  new RegExp(`^${LABEL}(?:\\.${LABEL})+$`),
).transform((name) => name.toLowerCase());
const instanceName = text(
  String.raw`an instance's @@SERVERNAME, such as SQL-E1 or SQL-E1\CHAT`,
  /^[A-Za-z0-9][A-Za-z0-9-]{0,14}(?:\\[A-Za-z_][A-Za-z0-9_$]{0,15})?$/,
);
const SEGMENT = String.raw`[^<>:"/\\|?*\u0000-\u001f]+`;
const drivePath = text(String.raw`a folder such as D:\LSCopy`, new RegExp(String.raw`^[A-Za-z]:(?:\\${SEGMENT})+$`));
const share = text(
  String.raw`a share such as \\files.contoso.com\lslogs`,
  new RegExp(String.raw`^\\\\${SEGMENT}\\${SEGMENT}$`),
);
const account = text(
  String.raw`a Windows account such as CONTOSO\svc-sql`,
  /^[^\\/"[\]:;|=,+*?<>\s]+\\[^\\/"[\]:;|=,+*?<>]+$/,
);
const databaseName = text("a database name of letters, digits and underscores, such as mgc", /^[A-Za-z_]\w{0,63}$/);
const siteName = text("a name", /\S/);
const sipAddress = text("a SIP address such as sip:user@contoso.com", /^sip:[^\s@]+@[^\s@]+$/i);
const port = (what: string) => {
  const expected = `${what} from 1 to 65535`;
  return z.int({ error: expected }).min(1, { error: expected }).max(65_535, { error: expected });
};

/** SQL Server releases that the lab plays, as a topology file names them. */
export const VERSIONS = ["2008 R2", "2012", "2014"] as const;

const instanceSchema = section({
  name: instanceName,
  fqdn,
  /** Port on 127.0.0.1; absent: the next one behind the control port. */
  port: port("a port").optional(),
  version: z.enum(VERSIONS, { error: VERSIONS.map((one) => `"${one}"`).join(" or ") }).prefault("2012"),
  /** Of the mirroring endpoint. */
  mirroringPort: port("a port").prefault(5022),
  dataFolder: drivePath.optional(),
  logFolder: drivePath.optional(),
  engineAccount: account.optional(),
  agentAccount: account.optional(),
});

const storesSchema = section({ principal: instanceName, mirror: instanceName.optional() });

const siteSchema = section({
  dataCentre: siteName,
  machines: list(fqdn, "a list of 1 to 8 fully qualified domain names", 1, 8),
  /** Servers that are active while the pool is in this site; absent: the first four. */
  activeServers: list(fqdn, "a list of at most 4 of the site's machines", 0, 4).optional(),
  content: storesSchema,
  /** Instances of the compliance database; absent: those of `content`. */
  compliance: storesSchema.optional(),
});

const poolSchema = section({
  fqdn,
  /** Display name of the site in Get-CsPool and Get-CsService. */
  site: siteName.prefault("Primary"),
  /** Front End pool that is its next hop; -TargetFqdn of Test-CsPersistentChatMessage. */
  registrar: fqdn,
  share,
  copyFolder: drivePath.prefault("D:\\LSCopy"),
  compliance: z.boolean({ error: "true or false" }).prefault(true),
  /** Persistent Chat's own names unless pools share an instance. */
  databases: section({ content: databaseName.prefault("mgc"), compliance: databaseName.prefault("mgccomp") }).prefault(
    {},
  ),
  /** Test users of the registrar; absent: two users of the pool; false: none. */
  testUsers: z
    .union([z.literal(false), section({ first: sipAddress, second: sipAddress })], {
      error: "an object with first and second, or false",
    })
    .optional(),
  primary: siteSchema,
  backup: siteSchema,
});

export const topologySchema = section({
  pools: list(poolSchema, "a list of 1 to 32 pools", 1, 32),
  instances: list(instanceSchema, "a list of 2 instances or more", 2, 256),
  /** Machine on which the management shell runs; absent: admin in the first pool's domain. */
  managementHost: fqdn.optional(),
});

/** A topology file after checking, defaults filled in. */
export type TopologyDocument = z.output<typeof topologySchema>;
export type DocumentPool = TopologyDocument["pools"][number];
export type DocumentInstance = TopologyDocument["instances"][number];
