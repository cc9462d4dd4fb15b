import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { DrError } from "../../estate/errors";
import { Journal } from "../../estate/journal";
import { Report } from "../../estate/report";

const HEADER = { stack: "primary", run: "7f3a", pool: "pool1" };

describe("journal and report", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "journal-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("record what runs before it runs, and how it ended", async () => {
    const seen: string[] = [];
    const journal = new Journal(HEADER, [], (entry) => seen.push(entry.outcome));
    const entry = { kind: "statement", step: "F3", where: "SQL-B1", text: "BACKUP" } as const;
    assert.equal(
      await journal.record(
        entry,
        async () => 7,
        (set) => ({ set }),
      ),
      7,
    );
    const failure = new DrError({ code: "SQL_ERROR", summary: "no", number: 3201, cause: new Error("inner") });
    await assert.rejects(
      journal.record(entry, () => Promise.reject(failure)),
      /no/,
    );
    assert.deepEqual(seen, ["running", "done", "running", "failed"]);
    const [done, failed] = journal.entries;
    assert.deepEqual(done?.detail, { set: 7 });
    assert.equal(typeof done?.duration, "number");
    assert.deepEqual((failed?.error as { numbers: number[] }).numbers, [3201]);
  });

  it("hold no secret, wherever it would stand", async () => {
    const journal = new Journal(HEADER, ["hunter22", "", "abc"]);
    journal.add({ kind: "message", where: "hunter22", text: "abc hunter22", detail: [{ deep: "xhunter22x" }] });
    await assert.rejects(
      journal.record({ kind: "command", where: "shell", text: "x" }, () => Promise.reject(new Error("hunter22"))),
    );
    const text = JSON.stringify(journal.entries);
    assert(!text.includes("hunter22"));
    assert(text.includes("abc ********"));
  });

  it("are written as one whole file per save, with nothing left beside it", () => {
    const journal = new Journal({ ...HEADER, stack: "org/primary" });
    const report = new Report(journal, join(folder, "reports"));
    report.save({ outcome: "running" });
    journal.add({ kind: "decision", where: "pool1", text: "authority backup" });
    report.save({ outcome: "succeeded", authority: "backup" });
    assert.deepEqual(readdirSync(join(folder, "reports")), [report.path.slice(report.path.lastIndexOf("/") + 1)]);
    assert.match(report.path, /\/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-org-primary\.json$/);
    const body = JSON.parse(readFileSync(report.path, "utf8")) as {
      outcome: string;
      entries: unknown[];
      ended: string;
    };
    assert.deepEqual([body.outcome, body.entries.length], ["succeeded", 1]);
    assert(body.ended >= journal.started);
    assert.notEqual(new Report(journal, join(folder, "reports")).path, report.path);
  });

  it("say where a report cannot be written", () => {
    writeFileSync(join(folder, "file"), "");
    const report = new Report(new Journal(HEADER), join(folder, "file"));
    assert.throws(() => report.save({ outcome: "running" }), /REPORT_NOT_WRITTEN/);
  });
});
