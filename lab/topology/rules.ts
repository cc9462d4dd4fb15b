/** What a topology file must hold beyond the form of its values: names that meet, copies that do not collide. */
import { pathText, type Problem } from "./problems";
import type { DocumentInstance, DocumentPool, TopologyDocument } from "./schema";
import { VERSIONS } from "./schema";

const SITES = ["primary", "backup"] as const;
/** "Persistent Chat Server capacity planning": a pool has at most eight servers. */
const MOST_MACHINES = 8;

type Path = readonly PropertyKey[];

/** Every mistake, with its place. */
export function brokenRules(document: TopologyDocument): Problem[] {
  const problems: Problem[] = [];
  const add = (path: Path, found: string, expected: string): void =>
    void problems.push({ path: pathText(path), found, expected });
  const { pools, instances } = document;
  twice(
    pools,
    ({ fqdn }) => fqdn,
    (index, other) => add(["pools", index, "fqdn"], `that of pools[${String(other)}] too`, "a name of its own"),
  );
  checkInstances(instances, add);
  const known = new Map(instances.map((one) => [one.name.toLowerCase(), one] as const));
  const holders = new Map<string, string>();
  pools.forEach((pool, index) => {
    checkMachines(pool, index, add);
    for (const copy of copiesOf(pool, index)) {
      const instance = known.get(copy.instance.toLowerCase());
      if (instance === undefined) {
        add(
          copy.path,
          `"${copy.instance}"`,
          `the name of one of instances: ${instances.map(({ name }) => name).join(", ")}`,
        );
        continue;
      }
      const key = `${copy.instance} ${copy.database}`.toLowerCase();
      const holder = holders.get(key);
      if (holder !== undefined)
        add(
          copy.path,
          `"${copy.instance}", which holds ${copy.database} as ${holder} already`,
          "another instance, or other names in databases: an instance has one database of a name",
        );
      else holders.set(key, pathText(copy.path));
      const principal = known.get((copy.principal ?? "").toLowerCase());
      if (principal !== undefined && principal.version !== instance.version)
        add(
          copy.path,
          `SQL Server ${instance.version}`,
          `the version of its principal ${principal.name} (${principal.version})`,
        );
    }
    checkVersions(pool, index, known, add);
  });
  checkFolders(pools, known, add);
  const used = new Set(
    pools.flatMap((pool, index) => copiesOf(pool, index)).map(({ instance }) => instance.toLowerCase()),
  );
  instances.forEach(({ name }, index) => {
    if (!used.has(name.toLowerCase()))
      add(["instances", index, "name"], `"${name}", which no pool uses`, "an instance of a pool");
  });
  return problems;
}

type Add = (path: Path, found: string, expected: string) => void;

interface Copy {
  readonly path: Path;
  readonly instance: string;
  readonly database: string;
  /** The instance that it mirrors. */
  readonly principal?: string;
}

/** Every copy of a pool's databases, with the place where the file names its instance. */
function copiesOf(pool: DocumentPool, index: number): Copy[] {
  return SITES.flatMap((site) => {
    const kinds = pool.compliance ? (["content", "compliance"] as const) : (["content"] as const);
    return kinds.flatMap((kind) => {
      const own = pool[site][kind];
      const { principal, mirror } = own ?? pool[site].content;
      const path = ["pools", index, site, own === undefined ? "content" : kind];
      const database = pool.databases[kind];
      return [
        { path: [...path, "principal"], instance: principal, database },
        ...(mirror === undefined ? [] : [{ path: [...path, "mirror"], instance: mirror, database, principal }]),
      ];
    });
  });
}

function checkInstances(instances: readonly DocumentInstance[], add: Add): void {
  const collide = (property: "name" | "port", key: (one: DocumentInstance) => string | undefined): void =>
    twice(instances, key, (index, other) =>
      add(["instances", index, property], `that of instances[${String(other)}] too`, "a value of its own"),
    );
  collide("name", ({ name }) => name.toLowerCase());
  collide("port", ({ port }) => (port === undefined ? undefined : String(port)));
  twice(
    instances,
    ({ fqdn, mirroringPort }) => `${fqdn}:${String(mirroringPort)}`,
    (index, other) =>
      add(
        ["instances", index, "mirroringPort"],
        `that of instances[${String(other)}] on the same host`,
        "a port of its own: instances of one host must not use the same port for mirroring",
      ),
  );
  instances.forEach(({ name, fqdn }, index) => {
    const host = name.split("\\")[0] as string;
    if (host.toLowerCase() !== fqdn.split(".")[0])
      add(["instances", index, "fqdn"], `"${fqdn}"`, `the host that the name begins with: ${host.toLowerCase()}.…`);
  });
}

function checkMachines(pool: DocumentPool, index: number, add: Add): void {
  const all = SITES.flatMap((site) =>
    pool[site].machines.map((fqdn, at) => ({ fqdn, path: ["pools", index, site, "machines", at] })),
  );
  twice(
    all,
    ({ fqdn }) => fqdn,
    (at) => add(all[at]?.path ?? [], `"${all[at]?.fqdn ?? ""}" a second time`, "each machine once"),
  );
  if (all.length > MOST_MACHINES)
    add(["pools", index], `${String(all.length)} machines in both sites`, `at most ${String(MOST_MACHINES)}`);
  for (const site of SITES)
    pool[site].activeServers?.forEach((server, at) => {
      if (!pool[site].machines.includes(server))
        add(
          ["pools", index, site, "activeServers", at],
          `"${server}"`,
          `a machine of the site: ${pool[site].machines.join(", ")}`,
        );
    });
}

/** Log is shipped from the primary to the backup: a backup of a newer version cannot be restored by an older one (3169). */
function checkVersions(
  pool: DocumentPool,
  index: number,
  known: ReadonlyMap<string, DocumentInstance>,
  add: Add,
): void {
  const [primary, backup] = SITES.map((site) => known.get(pool[site].content.principal.toLowerCase()));
  if (primary === undefined || backup === undefined) return;
  if (VERSIONS.indexOf(backup.version) < VERSIONS.indexOf(primary.version))
    add(
      ["pools", index, "backup", "content", "principal"],
      `SQL Server ${backup.version}`,
      `${primary.version}, that of ${primary.name}, or newer: its backups are restored there`,
    );
}

/** Pools whose content has one name need folders of their own: log backups are told apart by the database's name. */
function checkFolders(pools: readonly DocumentPool[], known: ReadonlyMap<string, DocumentInstance>, add: Add): void {
  const place = (pool: DocumentPool, folder: string): string => `${folder} ${pool.databases.content}`.toLowerCase();
  twice(
    pools,
    (pool) => place(pool, pool.share),
    (index, other) =>
      add(
        ["pools", index, "share"],
        `that of pools[${String(other)}], whose database has the same name`,
        "a share of its own",
      ),
  );
  const copyPlace = (pool: DocumentPool): string => {
    const host = known.get(pool.backup.content.principal.toLowerCase())?.fqdn ?? pool.fqdn;
    return place(pool, `${host} ${pool.copyFolder}`);
  };
  twice(pools, copyPlace, (index, other) =>
    add(["pools", index, "copyFolder"], `that of pools[${String(other)}] on the same host`, "a folder of its own"),
  );
}

/** Tells each item whose key an earlier one has, with that one. */
function twice<Item>(
  items: readonly Item[],
  key: (item: Item) => string | undefined,
  tell: (index: number, other: number) => void,
): void {
  const seen = new Map<string, number>();
  items.forEach((item, index) => {
    const value = key(item);
    if (value === undefined) return;
    const other = seen.get(value);
    if (other === undefined) seen.set(value, index);
    else tell(index, other);
  });
}
