/** Findings about the databases: what the restore and the seeding need, what would be lost, what is damaged. */
import type { StepId } from "./authority";
import { readable } from "./authority";
import type { InstanceObservation } from "./observation-types";
import type { PlanContext } from "./plan-context";
import { errorFinding, infoFinding, warningFinding } from "./findings";
import { loginFindings } from "./findings-logins";
import { missingSpace, placeFiles, setFilesOf } from "./plan-restore";
import { recoveryModelFindings } from "./findings-serving";
import type { Finding } from "./plan-types";
import { databaseOf, isRestoring } from "./relations";

/** Findings about the chat and the compliance database of both sites. */
export function databaseFindings(context: PlanContext, open: ReadonlySet<StepId>): Finding[] {
  return [
    ...(open.has("F4") ? [...restoreFindings(context), ...loginFindings(context, "backup")] : []),
    ...(open.has("F5") ? shippingFindings(context) : []),
    ...(context.wayHome ? wayHomeFindings(context, open) : []),
    ...standbyFindings(context),
  ];
}

function restoreFindings(context: PlanContext): Finding[] {
  const { primary, backup, desired, primaryName, primaryCopy } = context;
  if (primary === undefined || backup === undefined || context.chainHome !== null) return [];
  const findings: Finding[] = [];
  if (!desired.pool.createMissing) findings.push(...missingDatabases(context, primary));
  if (primaryCopy !== undefined && primaryCopy.mirroring !== null) {
    findings.push(
      errorFinding(
        "primary-mirrored",
        `${desired.chat} on ${primaryName} is mirrored, so it cannot be restored (3104)`,
        `Remove its mirroring there first: ALTER DATABASE [${desired.chat}] SET PARTNER OFF.`,
      ),
    );
  }
  const files = setFilesOf(backup, desired.chat);
  const placement = placeFiles(files, primary, desired.chat, desired.pool.restore.moves);
  if (placement.unplaced.length > 0) {
    findings.push(
      errorFinding(
        "files-without-place",
        `${primaryName} has no place for ${placement.unplaced.join(", ")} of ${desired.chat}`,
        "Name it in restore.moves: { logicalName, to }.",
      ),
    );
  }
  const missing = missingSpace(files, placement, primary, desired.chat);
  if (missing !== null) {
    findings.push(
      errorFinding(
        "space",
        `${missing.volume} of ${primaryName} lacks ${mebibytes(missing.bytes)} MiB for ${desired.chat}`,
        "Make room there, or place the files elsewhere with restore.moves.",
      ),
    );
  }
  if (context.backupCopy?.isEncrypted === true) {
    findings.push(
      warningFinding(
        "encrypted",
        `${desired.chat} is encrypted on ${context.backupName}`,
        `${primaryName} needs the certificate of its encryption key, otherwise the restore fails (33111).`,
      ),
    );
  }
  if (primaryCopy?.isAutoUpdateStatisticsAsync === true) {
    findings.push(
      warningFinding(
        "async-statistics",
        `AUTO_UPDATE_STATISTICS_ASYNC is on for ${desired.chat} on ${primaryName}`,
        "Its background thread can hold the only connection during the restore; it is tried again.",
      ),
    );
  }
  return findings;
}

function missingDatabases(context: PlanContext, primary: InstanceObservation): Finding[] {
  const { desired, primaryName } = context;
  const names = [desired.chat, ...(desired.compliance === false ? [] : [desired.compliance])];
  return names
    .filter((name) => databaseOf(primary, name) === undefined)
    .map((name) =>
      errorFinding(
        `no-database:${name}`,
        `${primaryName} has no database ${name}`,
        "Install it by Topology Builder first (it makes logins and paths too), or set createMissing.",
      ),
    );
}

function shippingFindings(context: PlanContext): Finding[] {
  const { primary, desired, primaryName, primaryCopy, wayHome } = context;
  if (primary === undefined) return [];
  const findings: Finding[] = [];
  const source = wayHome ? context.backupCopy : primaryCopy;
  if (source !== undefined && source.recoveryModel !== "FULL") {
    const drift = wayHome ? undefined : recoveryModelFindings(context)[0]?.drift;
    findings.push({
      ...errorFinding(
        "recovery-model",
        `${desired.chat} on ${wayHome ? context.backupName : primaryName} is in recovery model ${source.recoveryModel}`,
        "Set it to FULL and take a full backup: mirroring and log shipping need it.",
      ),
      ...(drift === undefined ? {} : { drift }),
    });
  }
  if (primary.foreignLogBackupJobs.length > 0) {
    findings.push(
      warningFinding(
        "foreign-log-backups",
        `other jobs of ${primaryName} back up the log of ${desired.chat}: ${primary.foreignLogBackupJobs.join(", ")}`,
        "Every such backup takes a link out of log shipping's chain (4305). Disable them.",
      ),
    );
  }
  // The copy that is to be given up may be the better one.
  if (!wayHome && primary.suspectPages > 0) {
    findings.push(
      errorFinding(
        "suspect-pages:primary",
        `${primary.suspectPages} damaged pages of ${desired.chat} on ${primaryName} (msdb.dbo.suspect_pages)`,
        "The backup's copy is not overwritten from a damaged one. Run DBCC CHECKDB and mend it first.",
        ["F5"],
      ),
    );
  }
  return findings;
}

function wayHomeFindings(context: PlanContext, open: ReadonlySet<StepId>): Finding[] {
  const { backup, desired, backupName } = context;
  if (backup === undefined) return [];
  const findings: Finding[] = [];
  if (backup.suspectPages > 0 && open.has("F4")) {
    findings.push(
      errorFinding(
        "suspect-pages:backup",
        `${backup.suspectPages} damaged pages of ${desired.chat} on ${backupName} (msdb.dbo.suspect_pages)`,
        "A backup of it would carry the damage home. Run DBCC CHECKDB; the backup mirror's copy may be whole.",
      ),
    );
  }
  if (desired.compliance !== false) findings.push(...complianceFindings(context, backup, desired.compliance, open));
  if (open.has("F5") && context.chainHome === null) findings.push(...mirrorCopyFindings(context));
  if (context.backupCopy !== undefined && isRestoring(context.backupCopy) && context.chainHome === null)
    findings.push(brokenChain(context));
  return findings;
}

// The backup closed itself for the way home by log alone, and what it wrote cannot reach the primary any more.
function brokenChain({ desired, backupName, primaryName }: PlanContext): Finding {
  return errorFinding(
    "log-chain",
    `${backupName} was closed by its tail-log backup, and its log does not lead to where ${primaryName} stands`,
    `Open the backup's copy again (RESTORE DATABASE [${desired.chat}] WITH RECOVERY there), then preview: the full backup brings the data home.`,
  );
}

function complianceFindings(
  context: PlanContext,
  backup: InstanceObservation,
  compliance: string,
  open: ReadonlySet<StepId>,
): Finding[] {
  const { desired, backupName } = context;
  const findings: Finding[] = [];
  const role = databaseOf(backup, compliance)?.mirroring?.role;
  if (role !== undefined && role !== "PRINCIPAL") {
    findings.push(
      errorFinding(
        "compliance-mirror",
        `${compliance} on ${backupName} is the mirror of its session, not the principal`,
        "Fail it over inside the site first, so that both databases are principal on one instance.",
      ),
    );
  }
  const rows = backup.complianceRows ?? 0;
  if (rows > 0 && open.has("F4") && !desired.pool.acknowledge.complianceRows) {
    findings.push(
      errorFinding(
        "compliance-rows",
        `${compliance} on ${backupName} holds ${rows} rows that the compliance adapter has not fetched`,
        "Wait for the adapter (15 minutes by default); nothing copies them home. To leave them behind, set acknowledge.complianceRows.",
      ),
    );
  }
  return findings;
}

// The backup mirror's RESTORING copy is the third copy while F5 overwrites the second one.
function mirrorCopyFindings(context: PlanContext): Finding[] {
  const { desired, observation } = context;
  if (context.authority.principals.backup === "backupMirror") return [];
  const mirror = desired.pool.backup.mirror;
  if (mirror === undefined) {
    return [
      infoFinding(
        "no-mirror-copy",
        "the backup site has no mirror: during F5 the backup set is the only other copy",
        "Keep the file of F3 until the pool has run on the primary for a while.",
      ),
    ];
  }
  const instance = readable(observation, "backupMirror");
  const copy = instance && databaseOf(instance, desired.chat);
  if (copy !== undefined && (isRestoring(copy) || copy.mirroring !== null)) return [];
  const message = `${mirror.server} holds no copy of ${desired.chat}${instance === undefined ? " that can be read" : ""}`;
  if (desired.pool.acknowledge.missingMirrorCopy) {
    return [warningFinding("mirror-copy", message, "Acknowledged: F5 goes on without a third copy.")];
  }
  return [
    errorFinding(
      "mirror-copy",
      message,
      "Bring it back, so that F5 does not overwrite the last other copy, or set acknowledge.missingMirrorCopy.",
    ),
  ];
}

function standbyFindings(context: PlanContext): Finding[] {
  if (context.backupCopy?.isInStandby !== true) return [];
  return [
    infoFinding(
      "standby",
      `${context.desired.chat} on ${context.backupName} is a secondary in STANDBY mode`,
      "It is treated as RESTORING; F5 sets the restore mode to NORECOVERY.",
    ),
  ];
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1048576);
}
