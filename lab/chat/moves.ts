/** When a pool went from one database to another, as its clients' messages show it, and what was lost on the way. */
import type { ChatMove, StoredMessage } from "../control-commands";

/**
 * The moves of a pool: each place where a message was stored on another instance than the one before it.
 * @param messages of the pool, as they were told stored
 * @param lost those that are not in the database now; null where it cannot be read. A lost message belongs to the first
 *   move away from its instance.
 */
export function movesOf(
  pool: string,
  messages: readonly StoredMessage[],
  lost: readonly StoredMessage[] | null,
): ChatMove[] {
  const ordered = [...messages].sort((one, other) => Date.parse(one.time) - Date.parse(other.time));
  const moves = ordered.flatMap((message, index): Omit<ChatMove, "lost">[] => {
    const before = ordered[index - 1];
    if (before === undefined || before.instance === message.instance) return [];
    return [
      {
        pool,
        from: before.instance,
        to: message.instance,
        lastStored: before.time,
        firstStored: message.time,
        seconds: (Date.parse(message.time) - Date.parse(before.time)) / 1000,
      },
    ];
  });
  const moveOf = ({ instance, time }: StoredMessage): number =>
    moves.findIndex((move) => move.from === instance && Date.parse(move.lastStored) >= Date.parse(time));
  const counts = moves.map(() => 0);
  for (const message of lost ?? []) {
    const at = moveOf(message);
    if (at >= 0) counts[at] = (counts[at] ?? 0) + 1;
  }
  return moves.map((move, index) => ({ ...move, lost: lost === null ? null : (counts[index] ?? 0) }));
}
