/** What RESTORE HEADERONLY says of the one set in a file, and whether it is the set that was meant. */
import { z } from "zod";
import { type BackupHeader, headerRow } from "../backup-header";
import { DrError } from "../errors";
import type { BackupSetRow, Guid, InstanceRole } from "../observation-types";
import { sameName } from "../relations";
import type { RawRow } from "../sql/pool";
import { readBackupHeader, verifyBackup } from "../statements";
import type { StepContext } from "./step-context";

/** The set that a file is expected to hold. */
export interface ExpectedSet {
  readonly file: string;
  readonly uuid: Guid;
  readonly database: string;
  readonly serverName: string | null;
  readonly family: Guid | null;
  readonly fork: Guid | null;
}

/** What a row of msdb says of the set and its file. Throws INTERNAL for a set without a file. */
export function expectedOf(set: BackupSetRow): ExpectedSet {
  const file = set.physicalDeviceName;
  if (file === null) throw new DrError({ code: "INTERNAL", summary: `backup set ${set.backupSetUuid} names no file` });
  const { backupSetUuid: uuid, databaseName: database, serverName, familyGuid: family } = set;
  return { file, uuid, database, serverName, family, fork: set.lastRecoveryForkGuid };
}

/**
 * Reads a whole set as the engine of `role` sees it (VERIFYONLY … CHECKSUM) and holds its header against what is expected.
 * Throws what the instance said (3201, 3183, 3241 …), or STEP_REFUSED with every difference.
 */
export async function verifySet(
  context: StepContext,
  role: InstanceRole,
  expected: ExpectedSet,
): Promise<BackupHeader> {
  await context.evidence({ role, doing: `RESTORE VERIFYONLY ${expected.file}`, text: verifyBackup(expected.file) });
  const sets = await context.evidence({
    role,
    doing: `RESTORE HEADERONLY ${expected.file}`,
    text: readBackupHeader(expected.file),
  });
  const header = onlyHeader(sets, expected);
  const differences = headerDifferences(header, expected);
  if (differences.length > 0) throw notTheSet(context, expected, differences.join("; "));
  return header;
}

function onlyHeader(sets: readonly (readonly RawRow[])[], expected: ExpectedSet): BackupHeader {
  const rows = sets[0] ?? [];
  const parsed = z.array(headerRow).length(1).safeParse(rows);
  if (parsed.success) return parsed.data[0] as BackupHeader;
  throw new DrError({
    code: "UNEXPECTED_ANSWER",
    summary: `RESTORE HEADERONLY does not describe one backup set`,
    where: expected.file,
    expected: "one set with the documented columns",
    found: `${String(rows.length)} sets (${parsed.error.issues[0]?.message ?? ""})`,
  });
}

/** In what a header is not the expected set's; empty when it is. */
export function headerDifferences(header: BackupHeader, expected: ExpectedSet): string[] {
  const differences: string[] = [];
  const expect = (holds: boolean, what: string): void => {
    if (!holds) differences.push(what);
  };
  expect(header.BackupSetGUID === expected.uuid, `backup set ${header.BackupSetGUID} instead of ${expected.uuid}`);
  expect(header.BackupType === 1, `backup type ${String(header.BackupType)} instead of 1 (full)`);
  expect(
    sameName(header.DatabaseName, expected.database),
    `database ${header.DatabaseName} instead of ${expected.database}`,
  );
  expect(
    sameName(header.ServerName, expected.serverName),
    `taken on ${header.ServerName} instead of ${expected.serverName ?? "?"}`,
  );
  expect(header.FamilyGUID === expected.family, `family ${header.FamilyGUID} instead of ${expected.family ?? "?"}`);
  expect(
    header.RecoveryForkID === expected.fork,
    `recovery fork ${header.RecoveryForkID} instead of ${expected.fork ?? "?"}`,
  );
  expect(header.HasBackupChecksums, "no checksums");
  expect(!header.IsDamaged, "damaged pages");
  return differences;
}

function notTheSet(context: StepContext, expected: ExpectedSet, found: string): DrError {
  return new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: the file does not hold the backup set that was taken`,
    where: expected.file,
    expected: `backup set ${expected.uuid}`,
    found,
    hint: "Something replaced the file. Run the same command again: the next run takes a new backup.",
  });
}
