/** BACKUP and RESTORE of mgc beside `cp` of the same files on the same disk, in turns, so that all meet the same disk. */
import { execFile } from "node:child_process";
import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { labInstance } from "../tools/lab-configuration";
import type { OwnLab } from "../tools/own-lab";
import { residentSet, resetPeak } from "./daemon-memory";
import { type Aim, type Figure, judged, median } from "./figures";
import { openClient, timed } from "./lab-client";

const run = promisify(execFile);
const MIB = 2 ** 20;
const FILE = "bench.bak";

/** Bytes move as fast as the disk, within a factor of two of `cp`, and never lie in memory whole. */
const AIM: Aim = { ratio: 2, peakMiB: 300 };

/** What the runs of one kind took, each beside a copy that was made just before it. */
interface Runs {
  readonly copies: number[];
  readonly seconds: number[];
  readonly before: number[];
  readonly peak: number[];
}

const noRuns = (): Runs => ({ copies: [], seconds: [], before: [], peak: [] });

/** @param rounds how often each is done */
export async function measureBackup(lab: OwnLab, rounds: number, say: (text: string) => void): Promise<Figure[]> {
  const { description, folder } = lab;
  const { pid, share, directory } = description;
  const source = labInstance(description, "primary");
  // Nothing is mirrored or shipped to it in `steady`: mgc is free there.
  const target = labInstance(description, "backup", "mirror");
  const device = `DISK = N'${share.unc}\\${FILE}'`;
  const data = join(directory, "hosts", source.name.toLowerCase(), "D", "sqldata", "mgc.mdf");
  const media = join(share.directory, FILE);
  const [from, to] = [await openClient(source), await openClient(target)];
  const backup = `BACKUP DATABASE mgc TO ${device} WITH COPY_ONLY, FORMAT`;
  const kinds = [
    { what: "BACKUP DATABASE", client: from, batch: backup, file: data },
    { what: "BACKUP DATABASE WITH CHECKSUM", client: from, batch: `${backup}, CHECKSUM`, file: data },
    { what: "RESTORE DATABASE", client: to, batch: `RESTORE DATABASE mgc FROM ${device} WITH REPLACE`, file: media },
  ].map((kind) => ({ ...kind, runs: noRuns() }));
  try {
    for (let round = 1; round <= rounds; round += 1)
      for (const { what, client, batch, file, runs } of kinds) {
        say(`round ${String(round)} of ${String(rounds)}: cp and ${what}`);
        runs.copies.push(await copySeconds(file, join(folder, "copy")));
        resetPeak(pid);
        const before = residentSet(pid);
        runs.seconds.push(await timed(client, batch));
        const after = residentSet(pid);
        if (before !== undefined) runs.before.push(before.now);
        if (after !== undefined) runs.peak.push(after.peak);
      }
    const mebibytes = (await stat(data)).size / MIB;
    return [
      {
        what: "cp of the same file, flushed",
        seconds: kinds.flatMap(({ runs }) => runs.copies),
        perSecond: { amount: mebibytes / median(kinds.flatMap(({ runs }) => runs.copies)), unit: "MiB" },
      },
      ...kinds.map(({ what, runs }) => judged(figure(what, runs, mebibytes), AIM)),
    ];
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}

/** Seconds of `cp` until the copy is on the disk, as BACKUP and RESTORE wait for theirs. The copy is removed. */
async function copySeconds(from: string, to: string): Promise<number> {
  const began = performance.now();
  await run("cp", [from, to]);
  const handle = await open(to, "r+");
  await handle.sync();
  await handle.close();
  const seconds = (performance.now() - began) / 1000;
  await rm(to);
  return seconds;
}

function figure(what: string, { copies, seconds, before, peak }: Runs, mebibytes: number): Figure {
  const ratios = seconds.map((taken, run) => taken / (copies[run] as number));
  return {
    what,
    seconds,
    perSecond: { amount: mebibytes / median(seconds), unit: "MiB" },
    ratio: { value: median(ratios), to: "cp" },
    ...(peak.length === 0 ? {} : { memory: { before: Math.max(...before), peak: Math.max(...peak) } }),
  };
}
