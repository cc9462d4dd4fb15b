/** Results of 100,000 rows: what the daemon's memory grows by, whatever the pace of the client. */
import type { ConnectionPool } from "mssql";
import { labInstance } from "../tools/lab-configuration";
import type { OwnLab } from "../tools/own-lab";
import { residentSet, resetPeak } from "./daemon-memory";
import { type Figure, median } from "./figures";
import { openClient } from "./lab-client";

const ROWS = 100_000;
/** After so many rows the slow client stops reading, for so many milliseconds. */
const PAUSED_AFTER = 1000;
const PAUSE_MS = 20;

const QUERY = `SELECT TOP ${String(ROWS)} * FROM mgc.dbo.tblChat`;

/** @param rounds how often each is done */
export async function measureResults(lab: OwnLab, rounds: number, say: (text: string) => void): Promise<Figure[]> {
  const { pid } = lab.description;
  const client = await openClient(labInstance(lab.description, "primary"));
  const kinds = [
    { what: "SELECT of 100,000 rows", pauses: false },
    { what: "the same, the client stops again and again", pauses: true },
  ].map((kind) => ({ ...kind, seconds: [] as number[], before: [] as number[], peak: [] as number[] }));
  try {
    for (let round = 1; round <= rounds; round += 1)
      for (const { what, pauses, seconds, before, peak } of kinds) {
        say(`round ${String(round)} of ${String(rounds)}: ${what}`);
        resetPeak(pid);
        const first = residentSet(pid);
        seconds.push(await read(client, pauses));
        const last = residentSet(pid);
        if (first !== undefined) before.push(first.now);
        if (last !== undefined) peak.push(last.peak);
      }
    return kinds.map(({ what, seconds, before, peak }) => ({
      what,
      seconds,
      perSecond: { amount: ROWS / median(seconds), unit: "rows" },
      ...(peak.length === 0 ? {} : { memory: { before: Math.max(...before), peak: Math.max(...peak) } }),
    }));
  } finally {
    await client.close();
  }
}

/** Reads all rows and forgets them; answers the seconds. */
function read(client: ConnectionPool, pauses: boolean): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const request = client.request();
    request.stream = true;
    let rows = 0;
    request.on("row", () => {
      rows += 1;
      if (!pauses || rows % PAUSED_AFTER !== 0) return;
      request.pause();
      setTimeout(() => request.resume(), PAUSE_MS);
    });
    request.on("error", reject);
    request.on("done", () => {
      if (rows === ROWS) resolve((performance.now() - began) / 1000);
      else
        reject(new Error(`${String(rows)} rows came, ${String(ROWS)} were asked for: take a larger --database-size.`));
    });
    void request.query(QUERY);
  });
}
