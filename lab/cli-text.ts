/** What the lab's commands print for people. */
import type { ChatReport, ChatStatus, LabDescription, LabStatus } from "./control-commands";
import type { JournalEntry } from "./journal-file";

/** Longest text of a journal entry that is shown; --json has the whole. */
const TEXT_WIDTH = 100;

export function describeLab(lab: LabDescription): string {
  return [
    `The lab is up (process ${String(lab.pid)}), scenario ${lab.scenario}.`,
    "",
    ...table(
      ["INSTANCE", "SITE", "ROLE", "ADDRESS", "LOGIN", "POOL"],
      lab.instances.map(({ name, site, role, host, port, user, pool }) => [
        name,
        site,
        role,
        `${host},${String(port)}`,
        user,
        pool,
      ]),
    ),
    "",
    ...table(
      [],
      [
        ["Shell", lab.shell.executable],
        ["Share", `${lab.share.unc} (${lab.share.directory})`],
        ["Journal", lab.journal],
        ["Directory", lab.directory],
      ],
    ),
  ].join("\n");
}

export function describeStatus({ lab, instances, pools, chat, journalEntries }: LabStatus): string {
  return [
    `The lab runs (process ${String(lab.pid)}), scenario ${lab.scenario}, ${String(journalEntries)} journal entries.`,
    "",
    ...table(
      ["INSTANCE", "STATE", "AGENT", "DATABASE", "STATE", "MIRRORING"],
      instances.flatMap(({ name, running, agent, databases }) => {
        const head = [name, running ? "running" : "stopped", agent ? "running" : "stopped"];
        if (databases.length === 0) return [[...head, "-", "-", "-"]];
        return databases.map((database, index) => [
          ...(index === 0 ? head : ["", "", ""]),
          database.name,
          `${database.state}${database.readOnly ? ", read-only" : ""}`,
          database.mirroring ?? "-",
        ]);
      }),
    ),
    "",
    ...table(
      ["POOL", "STATE", "ACTIVE SERVERS"],
      pools.map(({ fqdn, poolState, activeServers }) => [fqdn, poolState, activeServers.join(", ") || "none"]),
    ),
    "",
    describeChat(chat),
  ].join("\n");
}

export function describeChat({ running, connected, stored }: ChatStatus): string {
  const servers = connected
    .map(({ machine, instance, clients }) => `${machine} on ${instance} (${String(clients)} clients)`)
    .join(", ");
  return `Chat ${running ? "runs" : "does not run"}, ${String(stored)} messages stored${servers === "" ? "" : `; ${servers}`}.`;
}

export function describeReport(report: ChatReport): string {
  const lines = [`${String(report.stored)} messages were told stored.`];
  for (const { pool, from, to, seconds, refused, reason } of report.downtime)
    lines.push(
      `Down ${seconds.toFixed(1)} s on ${pool}: ${from} to ${to ?? "now"}, ${String(refused)} refused: ${reason}`,
    );
  for (const { pool, from, to, seconds, lastStored, firstStored, lost } of report.moves)
    lines.push(
      `Moved from ${from} to ${to} on ${pool}: ${lastStored} to ${firstStored} (${seconds.toFixed(1)} s), ${lost === null ? "loss unknown" : `${String(lost)} lost`}`,
    );
  for (const { fqdn, poolState, instance, lost, error } of report.pools) {
    const where = `${fqdn} (${poolState}, ${instance})`;
    if (lost === null) lines.push(`${where}: cannot be compared: ${error ?? ""}`);
    else lines.push(`${where}: ${String(lost.length)} lost`);
  }
  return lines.join("\n");
}

export function describeJournal(entries: readonly JournalEntry[]): string {
  return table(
    ["N", "TIME", "WHERE", "MS", "CHANGES", "TEXT"],
    entries.map((entry) => [
      String(entry.n),
      entry.time,
      "instance" in entry ? entry.instance : entry.shell,
      String(entry.durationMs),
      entry.changes.join(",") || "-",
      entry.text.replace(/\s+/g, " ").slice(0, TEXT_WIDTH),
    ]),
  ).join("\n");
}

/** Lines with columns of one width each; the last is not padded. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = head.length === 0 ? rows : [head, ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("  "),
  );
}
