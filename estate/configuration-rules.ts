/**
 * Rules between members of the configuration. They read the raw value, since one mistyped member must not hide the
 * others: a rule whose members are not there or not of their type has nothing to say, the schema already did.
 */
import { foundText, pathText, type Problem, valueAt } from "./configuration-problems";

const siteNames = ["primary", "backup"] as const;
type Path = readonly PropertyKey[];

/** Every broken rule of the raw configuration. */
export function brokenRules(raw: unknown): Problem[] {
  const problems: Problem[] = [];
  const report = (path: Path, expected: string): void => {
    problems.push({ path: pathText(path), found: foundText(path, valueAt(raw, path)), expected });
  };
  const pools = listAt(raw, ["pools"]);
  uniquePools(raw, pools.length, report);
  uniqueInstances(raw, pools.length, report);
  uniqueShares(raw, pools.length, report);
  for (let at = 0; at < pools.length; at += 1) {
    for (const site of siteNames) siteRules(raw, ["pools", at, site], report);
    logShippingRules(raw, ["pools", at, "logShipping"], report);
    healthRules(raw, ["pools", at], report);
  }
  failoverPools(raw, pools, report);
  if (valueAt(raw, ["shell", "connectionUri"]) !== undefined && valueAt(raw, ["shell", "user"]) === undefined) {
    report(["shell", "user"], "a Windows account, because shell.connectionUri is given");
  }
  return problems;
}

// A misspelt name would leave a pool where it is, silently.
function failoverPools(raw: unknown, pools: readonly unknown[], report: Report): void {
  const names = pools.map((pool) => textAt(pool, ["name"]));
  listAt(raw, ["failover", "pools"]).forEach((name, at) => {
    if (typeof name === "string" && !names.includes(name)) {
      report(["failover", "pools", at], `the name of a pool: ${names.filter((one) => one !== undefined).join(", ")}`);
    }
  });
}

type Report = (path: Path, expected: string) => void;

function uniquePools(raw: unknown, count: number, report: Report): void {
  for (const key of ["name", "fqdn"]) {
    const seen = new Map<string, number>();
    for (let at = 0; at < count; at += 1) {
      const value = textAt(raw, ["pools", at, key])?.toLowerCase();
      if (value === undefined) continue;
      const first = seen.get(value);
      if (first === undefined) seen.set(value, at);
      else report(["pools", at, key], `a ${key} that pools[${first}] does not have`);
    }
  }
}

// Log files and backups are named for their database: two of one name in one folder would be taken for each other.
function uniqueShares(raw: unknown, count: number, report: Report): void {
  const seen = new Map<string, number>();
  for (let at = 0; at < count; at += 1) {
    const path = ["pools", at, "logShipping", "share"];
    const share = textAt(raw, path)?.toLowerCase().replace(/\\+$/, "");
    if (share === undefined) continue;
    const database = (textAt(raw, ["pools", at, "databases", "chat"]) ?? "mgc").toLowerCase();
    const first = seen.get(`${share}|${database}`);
    if (first === undefined) seen.set(`${share}|${database}`, at);
    else report(path, `a share that pools[${first}] does not ship ${database} to`);
  }
}

// One instance in two roles, or one database in two pools, would let a step of one undo a step of the other.
function uniqueInstances(raw: unknown, count: number, report: Report): void {
  const byServer = new Map<string, { path: Path; pool: number; database: string }>();
  const byAddress = new Map<string, { path: Path; pool: number; database: string }>();
  for (let pool = 0; pool < count; pool += 1) {
    const database = (textAt(raw, ["pools", pool, "databases", "chat"]) ?? "mgc").toLowerCase();
    for (const site of siteNames) {
      for (const role of ["principal", "mirror"]) {
        const path = ["pools", pool, site, role];
        const server = textAt(raw, [...path, "server"])?.toLowerCase();
        const host = textAt(raw, [...path, "host"])?.toLowerCase();
        const key = textAt(raw, [...path, "instance"])?.toLowerCase() ?? portText(valueAt(raw, [...path, "port"]));
        if (server !== undefined) claim(byServer, server, { path: [...path, "server"], pool, database }, report);
        if (host !== undefined) claim(byAddress, `${host}|${key}`, { path: [...path, "host"], pool, database }, report);
        if (valueAt(raw, [...path, "port"]) !== undefined && valueAt(raw, [...path, "instance"]) !== undefined) {
          report([...path, "instance"], "either port or instance, not both");
        }
      }
    }
  }
}

// 1433 is what a client uses for a default instance.
function portText(port: unknown): string {
  return typeof port === "number" ? String(port) : "1433";
}

function claim(
  taken: Map<string, { path: Path; pool: number; database: string }>,
  key: string,
  one: { path: Path; pool: number; database: string },
  report: Report,
): void {
  const other = taken.get(key);
  if (other === undefined) {
    taken.set(key, one);
  } else if (other.pool === one.pool) {
    report(one.path, `another instance than ${pathText(other.path)}`);
  } else if (other.database === one.database) {
    report(one.path, `an instance, or a databases.chat, that ${pathText(other.path)} does not use`);
  }
}

function siteRules(raw: unknown, path: Path, report: Report): void {
  const dataCentre = textAt(raw, [...path, "dataCentre"]);
  const allowed = [dataCentre, ...listAt(raw, [...path, "linkedDataCentres"])];
  const seen = new Set<string>();
  listAt(raw, [...path, "activeServers"]).forEach((server, at) => {
    const here = [...path, "activeServers", at];
    const name = (typeof server === "string" ? server : textAt(server, ["fqdn"]))?.toLowerCase();
    if (name !== undefined) {
      if (seen.has(name)) report(here, `each active server once (${name} is already in the list)`);
      seen.add(name);
    }
    const stands = textAt(server, ["dataCentre"]);
    if (stands !== undefined && dataCentre !== undefined && !allowed.includes(stands)) {
      report([...here, "dataCentre"], `${dataCentre}, or a data centre of ${pathText([...path, "linkedDataCentres"])}`);
    }
  });
}

// Cleanup of log shipping deletes old files of its folder: nothing else of ours may lie straight in it.
function logShippingRules(raw: unknown, path: Path, report: Report): void {
  const share = textAt(raw, [...path, "share"])?.toLowerCase();
  const copyFolder = textAt(raw, [...path, "copyFolder"])?.toLowerCase();
  if (share !== undefined && share === copyFolder) report([...path, "copyFolder"], "another folder than the share");
}

// The cmdlet signs its test users in at a Front End pool, and takes both of them or neither.
function healthRules(raw: unknown, pool: Path, report: Report): void {
  const active = textAt(raw, ["active"]) === "backup" ? "backup" : "primary";
  const registrar = [...pool, active, "registrar"];
  if (textAt(raw, [...pool, "health", "check"]) === "message" && textAt(raw, registrar) === undefined) {
    report(registrar, "the Front End pool of the site, because health.check is message");
  }
  const [sender, receiver] = ["senderSipAddress", "receiverSipAddress"].map((key) => [...pool, "health", key]);
  for (const [one, other] of [
    [sender, receiver],
    [receiver, sender],
  ] as const) {
    if (one === undefined || other === undefined) continue;
    if (valueAt(raw, one) === undefined && valueAt(raw, other) !== undefined) report(one, "the other test user too");
  }
}

function textAt(value: unknown, path: Path): string | undefined {
  const found = valueAt(value, path);
  return typeof found === "string" ? found : undefined;
}

function listAt(value: unknown, path: Path): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}
