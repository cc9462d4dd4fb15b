/**
 * The T-SQL of a lab's journal, kept for `npm run conformance`: where LAB_KEEP_JOURNALS names a folder, every lab that the
 * engine tests and the demo take down leaves its different texts there.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readJournal } from "../lab/journal-file";

/** A text that was sent, and where it was first seen. */
export interface SentText {
  readonly text: string;
  readonly where: string;
}

const sentSchema = z.array(z.object({ text: z.string(), where: z.string() }));

/** Program names, by how they begin: the product, the lab's DBA, cmdlets, jobs of the Agent, chat servers. Tests are others. */
const senders = ["pchat-dr", "Lab scenario", "Lync Management Shell", "SQLAgent - ", "Lync Persistent Chat"];

/** Different texts of batches and remote procedure calls in a journal, of those senders or of everybody. */
export function journalTexts(path: string, of: "senders" | "everybody" = "senders"): SentText[] {
  const texts = new Map<string, string>();
  for (const entry of readJournal(path)) {
    if (entry.kind !== "batch" && entry.kind !== "rpc") continue;
    if (of === "senders" && !senders.some((sender) => entry.client.startsWith(sender))) continue;
    if (!texts.has(entry.text)) texts.set(entry.text, `${entry.client.split(" ")[0] ?? ""} on ${entry.instance}`);
  }
  return [...texts].map(([text, where]) => ({ text, where }));
}

/** Keeps the texts of a lab that was taken down, if they are wanted. */
export function keepJournal(path: string, folder = process.env["LAB_KEEP_JOURNALS"]): void {
  if (folder === undefined || folder === "") return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify(journalTexts(path)));
}

/** Different texts of all journals that were kept in a folder; none where there is no such folder. */
export function keptTexts(folder: string): { readonly journals: number; readonly texts: readonly SentText[] } {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.name.endsWith(".json"));
  const texts = names.flatMap(({ name }) => sentSchema.parse(JSON.parse(readFileSync(join(folder, name), "utf8"))));
  return { journals: names.length, texts: different(texts) };
}

/** Each text once, at its first place. */
export function different(texts: readonly SentText[]): SentText[] {
  const first = new Map<string, SentText>();
  for (const sent of texts) if (!first.has(sent.text)) first.set(sent.text, sent);
  return [...first.values()];
}
