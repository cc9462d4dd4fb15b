/** F4's comparison: both copies read at once, room by room, as deep as the configuration asks. */
import { readContent, roomNames } from "../compare";
import { contentDifferences, describeDifferences } from "../content-differences";
import type { Desired } from "../desired";
import { DrError } from "../errors";
import { instanceOf } from "../estate";
import type { BackupSetRow, ContentFingerprint } from "../observation-types";
import type { StepContext } from "./step-context";

/**
 * Throws READ_BACK_DIFFERS with the rooms that differ; otherwise notes what was compared.
 * @param depth as the configuration has it unless given
 */
export async function compareCopies(
  context: StepContext,
  set: BackupSetRow,
  depth: Desired["pool"]["compare"] = context.desired.pool.compare,
): Promise<void> {
  const { chat } = context.desired;
  const roles = context.plan.authority.principals;
  const level = depth === "full" ? 2 : 1;
  context.progress("comparing the two copies, room by room");
  const [primary, backup] = await Promise.all(
    [roles.primary, roles.backup].map((role) => readContent(instanceOf(context.estate, role), chat, level)),
  );
  if (primary === undefined || backup === undefined)
    throw new DrError({ code: "INTERNAL", summary: "nothing compared" });
  const differences = contentDifferences(primary, backup);
  context.readBack({
    comparison: differences.length === 0 ? "equal" : "different",
    level: depth,
    rooms: primary.channels.length,
    messages: messagesOf(primary),
    backupSetUuid: set.backupSetUuid,
  });
  if (differences.length === 0) return;
  const rooms = [...new Set(differences.flatMap(({ channelId }) => (channelId === null ? [] : [channelId])))];
  const names = await roomNames(instanceOf(context.estate, roles.backup), chat, rooms);
  throw new DrError({
    code: "READ_BACK_DIFFERS",
    summary: `${context.step.id}: the restored copy does not hold what the backup holds`,
    where: context.step.where,
    expected: "equal content, the backup being read-only since before its backup was taken",
    found: `on the primary and on the backup: ${describeDifferences(differences, names).join("; ")}`,
    hint: "The primary's copy stays as it is and log shipping is not begun. Preview again: it tells what comes next.",
  });
}

function messagesOf(content: ContentFingerprint): string {
  return content.channels.reduce((sum, channel) => sum + BigInt(channel.count), 0n).toString();
}
