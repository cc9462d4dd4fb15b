/** What discovery found, as lines for people. Pure. */
import { printable } from "../printable";
import type { Discovery } from "./discovery";
import { addressText, type InstanceReading, type PoolTopology } from "./evidence";
import { chatStores } from "./pool";
import { answerOf, matchStore } from "./stores";

/** Pools with their instances, then gaps, then notes. */
export function discoveryLines(
  pools: readonly PoolTopology[],
  readings: readonly InstanceReading[],
  { gaps, notes }: Discovery,
): string[] {
  return [
    ...pools.flatMap((pool) => [
      `${printable(pool.fqdn)}, ${pool.poolState.read ? printable(pool.poolState.value) : "state not read"}`,
      ...aligned(chatStores(pool).map((store) => instanceRow(store, readings))).map((line) => `  ${line}`),
    ]),
    "",
    gaps.length === 0
      ? "No gaps."
      : `Gaps (${String(gaps.length)}), each marked in the file; fill them before a preview:`,
    ...aligned(gaps.map((gap) => [gap.path, gap.reason])).map((line) => `  ${line}`),
    ...(notes.length === 0 ? [] : ["Notes:", ...notes.map((note) => `  ${note}`)]),
  ];
}

/** Rows with their columns under each other; the last one runs free. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>((most, row) => {
    row.forEach((cell, column) => (most[column] = Math.max(most[column] ?? 0, cell.length)));
    return most;
  }, []);
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function instanceRow(store: string, readings: readonly InstanceReading[]): string[] {
  const { reading } = matchStore(store, readings);
  const answer = answerOf(reading);
  const address = reading === undefined ? "-" : addressText(reading.address);
  if (answer === undefined) return [printable(store), "-", address, "not read"];
  const databases = [...answer.databases].sort((left, right) => left.name.localeCompare(right.name));
  const states = databases.map((database) => {
    const role = database.mirroring === null ? "" : `, ${database.mirroring.role.toLowerCase()}`;
    return printable(`${database.name} ${database.state}${role}`);
  });
  return [printable(store), printable(answer.serverName ?? "-"), address, states.join("; ") || "no chat database"];
}
