/** What Preflight can tell of a failover from reading alone. Pure. */
import type { StepId } from "./authority";
import { serverName } from "./desired";
import { type FailoverContext, mirrorThatHolds } from "./failover-context";
import { errorFinding, failoverSteps, infoFinding, orderedFindings, warningFinding } from "./findings";
import { lossOf } from "./loss";
import { activeServerFindings, authorityFindings, lockFindings, recentMoveFindings } from "./plan-findings";
import type { Finding } from "./plan-types";
import { loginFindings, orphanFindings } from "./findings-logins";
import { mirroringFindings, unreadMirrorFindings } from "./findings-mirroring";
import { instanceFindings } from "./findings-server";
import { servingFindings } from "./findings-serving";
import { unattendedFindings } from "./findings-unattended";
import { failuresAcknowledged, readingFailure } from "./unread";

/**
 * All findings of a failover, errors first.
 * @param now the present moment, for the window of what is lost
 */
export function failoverFindings(context: FailoverContext, open: ReadonlySet<StepId>, now: Date): readonly Finding[] {
  const moves = context.authority.moves === true && failoverSteps.some((step) => open.has(step));
  return orderedFindings([
    ...authorityFindings(context),
    ...lockFindings(context, failoverSteps),
    ...lockHomeFindings(context, open),
    ...activeServerFindings(context),
    ...(context.backup === undefined ? [] : instanceFindings(context, "backup", context.backup, open)),
    ...(context.primary === undefined ? [] : instanceFindings(context, "primary", context.primary, open)),
    ...mirroringFindings(context, "backup", context.closed),
    ...servingFindings(context, open),
    ...unattendedFindings(context, open),
    ...(context.closed && open.has("O4") ? loginFindings(context, "primary") : orphanFindings(context)),
    ...(moves ? moveFindings(context, now) : []),
  ]);
}

/** Codes of a connection that the primary's instance refuses: where it answers, the lock is taken there too. */
const refusals: ReadonlySet<string> = new Set([
  "LOGIN_FAILED",
  "ENCRYPTION_DECLINED",
  "ENCRYPTION_FAILED",
  "CERTIFICATE_REFUSED",
]);

// An `up` would stop at the lock: it is told where the preview is read.
function lockHomeFindings({ observation, desired, authority }: FailoverContext, open: ReadonlySet<StepId>): Finding[] {
  const failure = readingFailure(observation, "primary");
  if (failure === undefined || !refusals.has(failure.code) || !failoverSteps.some((step) => open.has(step))) return [];
  if (authority.outcome === "unclear" || failuresAcknowledged(observation, desired, ["primary"])) return [];
  return [
    errorFinding(
      "lock-refused:primary",
      `the lock of this pool cannot be taken on ${serverName(desired.pool, "primary")}, which answers: ${failure.address}: ${failure.message} [${failure.code}]`,
      `${failure.hint ?? "Mend what it refuses."} Where nobody works there, name the code in acknowledge.primaryFailures.`,
      failoverSteps,
      true,
    ),
  ];
}

function moveFindings(context: FailoverContext, now: Date): Finding[] {
  return [
    ...modeFindings(context),
    ...recentMoveFindings(context),
    ...lossFindings(context, now),
    ...siteFindings(context),
    ...unreadMirrorFindings(context),
  ];
}

function modeFindings({ desired, backupName }: FailoverContext): Finding[] {
  const findings: Finding[] = [];
  if (desired.mode === null) {
    findings.push(
      errorFinding(
        "failover-mode",
        `this stack would move the pool to ${backupName}, and moves nothing until failover.mode says how`,
        `Set it to planned (both sites answer, nothing is lost) or disaster (the primary site is lost): pulumi config set -s ${desired.active} --path persistent-chat-dr:failover.mode planned`,
        failoverSteps,
        true,
      ),
    );
  }
  return findings;
}

function lossFindings(context: FailoverContext, now: Date): Finding[] {
  if (!context.closed) return [];
  const { desired, remaining } = context;
  const loss = lossOf(context, now);
  if (loss.nothing) return [infoFinding("loss", loss.text, "")];
  const findings = [
    warningFinding(
      "loss",
      loss.text,
      "This is said before the backup's copy is opened; afterwards no log can be applied to it.",
    ),
  ];
  if (context.savesTail) {
    const { primaryName, primaryCopy } = context;
    findings.push(
      infoFinding(
        "damaged-tail",
        `${primaryName} answers, and its ${desired.chat} is ${primaryCopy?.state ?? "?"}: its log is backed up first (BACKUP LOG … WITH NO_TRUNCATE), and applied`,
        "Before it is taken nobody knows whether its log is whole. If the engine refuses, that is told and the loss is as said.",
      ),
    );
  }
  for (const { file, message } of remaining?.unreadable ?? []) {
    findings.push(warningFinding(`unreadable-log:${file}`, `${file} is not applied: ${message}`, ""));
  }
  for (const { file } of remaining?.damaged ?? []) {
    findings.push(
      warningFinding(`damaged-log:${file}`, `${file} is not applied: it met damage when it was taken (IsDamaged)`, ""),
    );
  }
  const foreign = remaining?.foreign ?? [];
  if (foreign.length > 0) {
    findings.push(
      infoFinding(
        "foreign-logs",
        `${foreign.length} log ${foreign.length === 1 ? "file is" : "files are"} of another recovery fork: ${foreign[0]?.file ?? ""}`,
        "They are left alone.",
      ),
    );
  }
  const { maximumLossMinutes: most, lossAcknowledged } = desired;
  if (most !== null && !lossAcknowledged && (loss.windowMinutes === null || loss.windowMinutes > most)) {
    findings.push(
      errorFinding(
        "loss-too-great",
        `the failover loses ${loss.windowMinutes === null ? "a time that cannot be told" : `up to ${loss.windowMinutes} minutes`}, more than failover.maximumLossMinutes (${most})`,
        "Bring the share or the primary back, or set failover.acknowledgeLoss.",
        failoverSteps,
      ),
    );
  }
  return findings;
}

function siteFindings(context: FailoverContext): Finding[] {
  const findings: Finding[] = [];
  const mirror = mirrorThatHolds(context);
  // A synchronized mirror lost nothing: a failover inside the site is the better answer.
  const lost = ["silent", "unread", "damaged"].includes(context.authority.facts.primaryCopy);
  if (mirror !== undefined && !context.closesPrimary && lost) {
    findings.push(
      warningFinding(
        "mirror-answers",
        `${mirror.name} answers and holds ${context.desired.chat} as a mirror`,
        "A failover inside the site (Invoke-CsDatabaseFailover -NewPrincipal Mirror) loses nothing of a synchronized mirror: look there first.",
      ),
    );
  }
  if (context.backup?.folders.length === 0) {
    findings.push(
      warningFinding(
        "folders-not-listed",
        `${context.backupName} lists neither the share nor the copy folder: log files there are not known`,
        "Log shipping's own jobs still run once more. xp_dirtree needs sysadmin.",
      ),
    );
  }
  return findings;
}
