/** Findings about the instances themselves: names, versions, editions, rights, Agent, accounts, registrations, log files. */
import type { StepId } from "./authority";
import { configuredInstance } from "./desired";
import type { InstanceObservation, InstanceRole, ServiceObservation } from "./observation-types";
import type { PlanContext } from "./plan-context";
import { errorFinding, infoFinding, warningFinding } from "./findings";
import type { Since } from "./drift/drift-types";
import type { Finding } from "./plan-types";
import { sameName } from "./relations";

const sysadminSteps: readonly StepId[] = ["F2", "F2b", "F3", "F4", "F5", "P2", "P3", "O3", "O1", "O4", "O6", "O8"];

type Site = "primary" | "backup";

/** Findings of both sites' principals. */
export function serverFindings(context: PlanContext, open: ReadonlySet<StepId>): Finding[] {
  const { primary, backup } = context;
  return [
    ...(primary === undefined ? [] : instanceFindings(context, "primary", primary, open)),
    ...(backup === undefined ? [] : instanceFindings(context, "backup", backup, open)),
    ...(primary === undefined || backup === undefined ? [] : versionFindings(context, primary, backup, open)),
  ];
}

/** Findings of one site's principal. */
export function instanceFindings(
  context: PlanContext,
  site: Site,
  instance: InstanceObservation,
  open: ReadonlySet<StepId>,
): Finding[] {
  const name = site === "primary" ? context.primaryName : context.backupName;
  return [
    ...identityFindings(context, site, name, instance),
    ...rightFindings(site, name, instance, open),
    ...agentFindings(context, site, instance, open.has("F5") || (site === "backup" && open.has("O8"))),
    ...accountFindings(site, name, "SQL Server", instance.services.engine, open.has("F3") || open.has("F5")),
    ...accountFindings(site, name, "SQL Server Agent", instance.services.agent, open.has("F5")),
    ...registrationFindings(context, site, name, instance),
    ...staleLogFindings(context, site, name, instance, open),
  ];
}

function identityFindings(context: PlanContext, site: Site, name: string, instance: InstanceObservation): Finding[] {
  const role: InstanceRole = context.authority.principals[site];
  const wanted = configuredInstance(context.desired.pool, role)?.server;
  const found = instance.server.serverName;
  if (sameName(found, wanted)) return [];
  return [
    errorFinding(
      `server-name:${site}`,
      `the instance configured as ${name} calls itself ${found ?? "nothing (@@SERVERNAME is NULL)"}`,
      found === null
        ? "Set the name with sp_dropserver and sp_addserver 'local', and restart the instance."
        : `Correct host, port or instance, or set its server to ${found}: log shipping registers that name.`,
    ),
  ];
}

function rightFindings(site: Site, name: string, instance: InstanceObservation, open: ReadonlySet<StepId>): Finding[] {
  if (instance.server.isSysadmin || !sysadminSteps.some((step) => open.has(step))) return [];
  return [
    errorFinding(
      `not-sysadmin:${site}`,
      `login ${instance.server.login} is not a member of sysadmin on ${name}, which log shipping's procedures demand`,
      "Previews work with fewer rights; give `pulumi up` a login that is a member of sysadmin.",
      ["F1", "P1", ...sysadminSteps],
      true,
    ),
  ];
}

function agentFindings(context: PlanContext, site: Site, instance: InstanceObservation, needed: boolean): Finding[] {
  const name = site === "primary" ? context.primaryName : context.backupName;
  const agent = instance.services.agent;
  // While the backup site is to be active, nothing of the primary's Agent protects the chat.
  const protects = context.desired.active === "primary" || site === "backup";
  const findings: Finding[] = [];
  // Without Agent there is no log shipping: an error where it is to be set up, news where it merely stands still.
  const say = (
    id: string,
    message: string,
    hint: string,
    [property, desired, observed]: [string, string, string],
  ): void => {
    const finding = needed
      ? errorFinding(`${id}:${site}`, message, hint)
      : warningFinding(`${id}:${site}`, message, hint);
    const drift = {
      resource: "Preflight",
      property: `${property} of ${name}`,
      desired,
      observed,
      severity: "protection",
      since: lastShipped(name, instance),
    } as const;
    findings.push(protects ? { ...finding, drift } : finding);
  };
  if (instance.server.engineEdition === 4) {
    say(
      "no-agent",
      `${name} is ${instance.server.edition}, which has no SQL Server Agent`,
      "Use Standard or Enterprise.",
      ["SQL Server Agent", "Running", "none"],
    );
  }
  if (agent === null) {
    findings.push(
      warningFinding(
        `agent-not-known:${site}`,
        `${name} does not tell whether its SQL Server Agent runs`,
        "sys.dm_server_services needs SQL Server 2008 R2 SP1 and VIEW SERVER STATE. `pulumi up` probes it.",
      ),
    );
  } else if (!sameName(agent.status, "Running")) {
    say(
      "agent-not-running",
      `SQL Server Agent of ${name} is ${agent.status}`,
      `Start the service ${agent.name} on ${name}, and set it to start automatically.`,
      ["SQL Server Agent", "Running", agent.status],
    );
  } else if (!sameName(agent.startup, "Automatic")) {
    findings.push(
      warningFinding(
        `agent-not-automatic:${site}`,
        `SQL Server Agent of ${name} starts ${agent.startup}`,
        "After the next restart of the host log shipping would stand still; set it to start automatically.",
      ),
    );
  }
  if (instance.server.agentXpsEnabled === false && agent?.status === "Running") {
    say(
      "agent-xps-off",
      `'Agent XPs' are off on ${name}`,
      "sp_configure 'Agent XPs', 1; RECONFIGURE; (15281 otherwise).",
      ["Agent XPs", "on", "off"],
    );
  }
  return findings;
}

// The Agent ran when one of its log shipping jobs last came to its end.
function lastShipped(name: string, instance: InstanceObservation): Since | undefined {
  const times = [
    ...instance.logShippingPrimary.map((row) => row.lastBackupDate),
    ...instance.logShippingSecondary.flatMap((row) => [row.lastCopiedDate, row.database?.lastRestoredDate]),
  ];
  const time = times
    .filter((one) => typeof one === "string")
    .sort()
    .at(-1);
  return time === undefined
    ? undefined
    : { relation: "after", time, clock: name, source: "the last file of log shipping there" };
}

function accountFindings(
  site: Site,
  name: string,
  service: string,
  observed: ServiceObservation | null,
  needed: boolean,
): Finding[] {
  if (observed === null || !needed) return [];
  const account = observed.account;
  const id = `account:${site}:${service === "SQL Server" ? "engine" : "agent"}`;
  if (/^NT AUTHORITY\\LOCAL ?SERVICE$/i.test(account)) {
    return [
      errorFinding(
        id,
        `${service} of ${name} runs as ${account}, which reaches a share anonymously`,
        "Run it under a domain account with rights on the backup share and the copy folder.",
      ),
    ];
  }
  if (account.startsWith(".\\")) {
    return [
      warningFinding(
        id,
        `${service} of ${name} runs as the local account ${account}`,
        "It reaches the share only if the file server has an account of the same name and password.",
      ),
    ];
  }
  if (/^(LocalSystem|NT AUTHORITY\\SYSTEM|NT AUTHORITY\\NETWORK ?SERVICE|NT SERVICE\\.*)$/i.test(account)) {
    return [
      infoFinding(
        id,
        `${service} of ${name} runs as ${account} and reaches the share as the host's own domain account`,
        "The share and its folder must give rights to DOMAIN\\HOST$.",
      ),
    ];
  }
  return [];
}

function registrationFindings(
  context: PlanContext,
  site: Site,
  name: string,
  instance: InstanceObservation,
): Finding[] {
  const { desired, wayHome } = context;
  const row = instance.logShippingPrimary.find((one) => sameName(one.primaryDatabase, desired.chat));
  if (row === undefined) return [];
  // Row 39 and row 40: such registrations never decide authority.
  if (site === "backup") {
    if (context.desired.active === "backup") return [];
    return [
      warningFinding(
        "backup-ships",
        `${name} is registered as log shipping primary of ${desired.chat}`,
        "F5 removes that registration.",
      ),
    ];
  }
  if (!wayHome || row.backupJob?.enabled !== true) return [];
  return [
    warningFinding(
      "stale-primary-registration",
      `${row.backupJob.name} of ${name} is enabled although the pool runs on the backup`,
      "F4 disables it before the restore, F5 enables it again.",
    ),
  ];
}

// Log files of a dead fork overlap in LSN with those to come: the new restore job would end red with 4330 or 4305.
function staleLogFindings(
  context: PlanContext,
  site: Site,
  name: string,
  instance: InstanceObservation,
  open: ReadonlySet<StepId>,
): Finding[] {
  if (!context.wayHome || !open.has("F4")) return [];
  const prefix = `${context.desired.chat}_`.toLowerCase();
  // Both engines may list the share: it is told once, by the backup's.
  const told = site === "primary" ? (context.backup?.folders ?? []).map((folder) => folder.path) : [];
  // What this product writes lies in a folder of its own, where log shipping never looks.
  const ours = context.desired.backupFolder;
  const folders = instance.folders.filter((folder) => ![...told, ours].some((path) => sameName(path, folder.path)));
  return folders.flatMap((folder) => {
    const stale = folder.files.filter((file) => {
      const lower = file.toLowerCase();
      return lower.startsWith(prefix) && (lower.endsWith(".trn") || lower.endsWith(".wrk"));
    });
    if (stale.length === 0) return [];
    return [
      warningFinding(
        `stale-log-files:${site}:${folder.path}`,
        `${stale.length} log ${stale.length === 1 ? "file" : "files"} of an earlier log shipping in ${folder.path} as ${name} sees it: ${stale.slice(0, 3).join(", ")}${stale.length > 3 ? ", …" : ""}`,
        "F5 moves them into a folder below it before the new log shipping begins; nothing is deleted.",
      ),
    ];
  });
}

function versionFindings(
  context: PlanContext,
  primary: InstanceObservation,
  backup: InstanceObservation,
  open: ReadonlySet<StepId>,
): Finding[] {
  const { primaryName, backupName } = context;
  const findings: Finding[] = [];
  const [here, there] = [release(primary), release(backup)];
  if (here !== there && (open.has("F4") || open.has("F5"))) {
    findings.push(
      errorFinding(
        "version",
        `${primaryName} is ${primary.server.productVersion}, ${backupName} is ${backup.server.productVersion}`,
        "Both sites must run one release: a backup restores to the same or a newer one only (3169), and log shipping goes both ways here.",
      ),
    );
  } else if (primary.server.productVersion !== backup.server.productVersion) {
    findings.push(
      infoFinding(
        "version-level",
        `${primaryName} is ${primary.server.productVersion}, ${backupName} is ${backup.server.productVersion}`,
        "Bring both to the same service pack when it suits you.",
      ),
    );
  }
  // 3 is Enterprise and Developer, which offer every feature.
  if (open.has("F4") && backup.editionFeatures.length > 0 && primary.server.engineEdition !== 3) {
    findings.push(
      errorFinding(
        "edition-features",
        `${context.desired.chat} uses ${backup.editionFeatures.join(", ")}, which ${primary.server.edition} of ${primaryName} does not offer`,
        "Remove the features from the database (sys.dm_db_persisted_sku_features), or use an edition that has them.",
      ),
    );
  }
  if (primary.server.collation !== backup.server.collation) {
    findings.push(
      warningFinding(
        "collation",
        `the server collations differ: ${primary.server.collation} and ${backup.server.collation}`,
        "The database keeps its own; temporary tables do not.",
      ),
    );
  }
  return findings;
}

// `10.50` and `11.0`: 2008 and 2008 R2 share the major number and not the database version.
function release(instance: InstanceObservation): string {
  return instance.server.productVersion.split(".").slice(0, 2).join(".");
}
