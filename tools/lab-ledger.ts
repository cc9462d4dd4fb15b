/** What the clients of a lab were told is stored, held against what a failover said beforehand of the loss. */
import { join } from "node:path";
import { z } from "zod";
import { wholeLines } from "../lab/line-file";

const messageSchema = z.object({ id: z.string(), time: z.string(), instance: z.string() });
const lineSchema = z.object({ kind: z.string(), message: messageSchema.optional() });

/** A message that a client was told is stored. `time` is UTC, ISO 8601; `instance` is where it was stored then. */
export type ClientMessage = z.output<typeof messageSchema>;

/** Every message of a lab's ledger, in the order in which clients were told; readable while the lab runs. */
export function messagesOf(lab: { readonly directory: string }): ClientMessage[] {
  const lines = wholeLines(join(lab.directory, "chat-ledger.jsonl")).map((line) => lineSchema.parse(JSON.parse(line)));
  return lines.flatMap(({ message }) => (message === undefined ? [] : [message]));
}

/**
 * What is otherwise than "what `primary` wrote after `said` is lost", as lines: a message of a later second that is still
 * there, one of an earlier second that is lost, one lost that the primary never had. Of the second itself nobody can tell. Pure.
 */
export function otherThanSaid(
  said: string,
  primary: string,
  stored: readonly ClientMessage[],
  lost: readonly { readonly id: string }[],
): string[] {
  const gone = new Set(lost.map(({ id }) => id));
  const second = (time: string): string => time.slice(0, 19);
  return stored.flatMap(({ id, time, instance }) => {
    const there = instance === primary;
    if (gone.has(id) && !there) return [`${time}: lost, and it was stored on ${instance}`];
    if (gone.has(id) && second(time) < second(said)) return [`${time}: lost, and it was promised`];
    if (!gone.has(id) && there && second(time) > second(said)) return [`${time}: still there, and it was given up`];
    return [];
  });
}
