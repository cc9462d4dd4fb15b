/** Log shipping of one pool as both of its halves register it, in the form of the configuration. Pure. */
import { trimTrailingBackslash } from "../configuration-forms";
import { isEvery, scheduleText } from "../job-schedules";
import type { AgentJob, LogShippingPrimaryRow, LogShippingSecondaryRow } from "../observation-types";
import { sameName } from "../relations";
import type { Draft, Value } from "./drafts";
import type { Read } from "./evidence";

/** Both halves; a half that was read and has no registration is `undefined`. */
export interface ShippingEvidence {
  readonly database: string;
  /** Names for the reasons: @@SERVERNAME, or the store where it is not known. */
  readonly primaryName: string;
  readonly secondaryName: string;
  readonly primary: Read<LogShippingPrimaryRow | undefined>;
  readonly secondary: Read<LogShippingSecondaryRow | undefined>;
}

type Section = { [key: string]: Value };

/** The section `logShipping` of a pool. */
export function logShippingSection(evidence: ShippingEvidence, draft: Draft): Value {
  const mine = half(evidence.primary, `${evidence.primaryName} registers no log shipping of ${evidence.database}`);
  const theirs = half(
    evidence.secondary,
    `${evidence.secondaryName} registers no log shipping of ${evidence.database}`,
  );
  const section: Section = { share: share(mine, theirs, draft) };
  const directory = backupDirectory(mine, draft);
  if (directory !== undefined) section["backupDirectory"] = directory;
  section["copyFolder"] =
    theirs.row === undefined
      ? draft.gap("copyFolder", theirs.reason)
      : draft.text("copyFolder", trimTrailingBackslash(theirs.row.backupDestinationDirectory));
  Object.assign(section, numbers(mine, theirs, draft), schedules(mine, theirs, draft));
  const names = jobNames(evidence, mine, theirs, draft.at("jobs"));
  if (Object.keys(names).length > 0) section["jobs"] = names;
  differences(mine.row, theirs.row, draft);
  return section;
}

/** A half with the reason why it has no row, and whether that means that it has none. */
interface Half<Row> {
  readonly row: Row | undefined;
  readonly reason: string;
  /** The instance could not be asked: its settings may exist. */
  readonly unknown: boolean;
}

function half<Row>(read: Read<Row | undefined>, none: string): Half<Row> {
  if (!read.read) return { row: undefined, reason: read.reason, unknown: true };
  return { row: read.value, reason: read.value === undefined ? none : "", unknown: false };
}

type Mine = Half<LogShippingPrimaryRow>;
type Theirs = Half<LogShippingSecondaryRow>;

function share(mine: Mine, theirs: Theirs, draft: Draft): Value {
  const found = mine.row?.backupShare ?? theirs.row?.backupSourceDirectory;
  if (found === undefined) return draft.gap("share", mine.reason);
  return draft.text("share", trimTrailingBackslash(found));
}

// The share itself unless another folder is registered.
function backupDirectory(mine: Mine, draft: Draft): Value | undefined {
  if (mine.row === undefined) return mine.unknown ? draft.gap("backupDirectory", mine.reason) : undefined;
  const { backupDirectory: directory, backupShare } = mine.row;
  const found = trimTrailingBackslash(directory);
  return sameName(found, trimTrailingBackslash(backupShare)) ? undefined : draft.text("backupDirectory", found);
}

// Of a registration that does not exist there is nothing to read: the product's own numbers stand for it then.
function numbers(mine: Mine, theirs: Theirs, draft: Draft): Section {
  const section: Section = {};
  const set = <Row>(key: string, from: Half<Row>, value: (row: Row) => number | undefined): void => {
    if (from.row === undefined) {
      if (from.unknown) section[key] = draft.gap(key, from.reason);
      return;
    }
    section[key] =
      value(from.row) ?? draft.gap(key, "the registration has no row in the monitor's tables of its own msdb");
  };
  set("retentionMinutes", mine, (row) => row.backupRetentionPeriod);
  set("backupThresholdMinutes", mine, (row) => row.monitor?.backupThreshold);
  set("restoreThresholdMinutes", theirs, (row) => row.monitor?.restoreThreshold);
  set("historyMinutes", mine, (row) => row.monitor?.historyRetentionPeriod);
  set("restoreDelayMinutes", theirs, (row) => row.database?.restoreDelay);
  set("compression", mine, (row) => row.backupCompression);
  return section;
}

function schedules(mine: Mine, theirs: Theirs, draft: Draft): Section {
  const inner = draft.at("scheduleMinutes");
  const section: Section = {};
  const set = (key: string, from: Half<unknown>, job: AgentJob | null | undefined): void => {
    if (from.row !== undefined) section[key] = minutesOf(key, job ?? null, inner);
    else if (from.unknown) section[key] = inner.gap(key, from.reason);
  };
  set("backup", mine, mine.row?.backupJob);
  set("copy", theirs, theirs.row?.copyJob);
  set("restore", theirs, theirs.row?.restoreJob);
  return Object.keys(section).length === 0 ? {} : { scheduleMinutes: section };
}

function minutesOf(kind: string, job: AgentJob | null, draft: Draft): Value {
  if (job === null) return draft.gap(kind, `the ${kind} job that the registration names does not exist`);
  if (!job.enabled) draft.note(`the ${kind} job ${job.name} is disabled; the preview shows it as a change`);
  const [schedule, another] = job.schedules.filter((one) => one.enabled);
  if (schedule === undefined) return draft.gap(kind, `the job ${job.name} has no enabled schedule`);
  if (another !== undefined) return draft.gap(kind, `the job ${job.name} has more than one enabled schedule`);
  if (isEvery(schedule, schedule.freqSubdayInterval)) return schedule.freqSubdayInterval;
  const daily = scheduleText(schedule);
  return draft.gap(kind, `the job ${job.name} runs by ${daily}, not every so many minutes of every whole day`);
}

// Names that the product would choose itself are left out.
function jobNames(evidence: ShippingEvidence, mine: Mine, theirs: Theirs, draft: Draft): Section {
  const { database, primaryName } = evidence;
  const section: Section = {};
  const set = (key: string, from: Half<unknown>, job: AgentJob | null | undefined, usual: string): void => {
    if (from.row === undefined) {
      if (from.unknown) section[key] = draft.gap(key, from.reason);
    } else if (job != null && job.name !== usual) section[key] = draft.text(key, job.name);
  };
  set("backup", mine, mine.row?.backupJob, `LSBackup_${database}`);
  set("copy", theirs, theirs.row?.copyJob, `LSCopy_${primaryName}_${database}`);
  set("restore", theirs, theirs.row?.restoreJob, `LSRestore_${primaryName}_${database}`);
  return section;
}

// The configuration has one number and one folder where the two halves have one each.
function differences(
  mine: LogShippingPrimaryRow | undefined,
  theirs: LogShippingSecondaryRow | undefined,
  draft: Draft,
): void {
  if (mine === undefined || theirs === undefined) return;
  const tell = (what: string, here: string | number, there: string | number): void =>
    draft.note(
      `${draft.path}: ${what} is ${here} on the primary and ${there} on the secondary; the preview shows the latter`,
    );
  const [from, to] = [trimTrailingBackslash(mine.backupShare), trimTrailingBackslash(theirs.backupSourceDirectory)];
  if (!sameName(from, to)) tell("the share", from, to);
  const [kept, copies] = [mine.backupRetentionPeriod, theirs.fileRetentionPeriod];
  if (kept !== copies) tell("the retention in minutes", kept, copies);
  const [history, theirHistory] = [mine.monitor?.historyRetentionPeriod, theirs.monitor?.historyRetentionPeriod];
  if (history !== undefined && theirHistory !== undefined && history !== theirHistory)
    tell("the history in minutes", history, theirHistory);
  if (theirs.database !== null && theirs.database.restoreMode !== 0)
    draft.note(`${draft.path}: the secondary restores in STANDBY; the preview shows NORECOVERY`);
}
