import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { PROBE_EXITS, probeSaid, probeScript, processExitCode, type ProbeTask } from "../../estate/probe-script";
import { powerShellCommand } from "../../estate/agent-script";
import { windowsFileSystem, type FileSystem } from "../../lab/shell/file-system";
import { runPowerShell, type PowerShellResult } from "../../lab/shell/run";
import { WindowsFiles, type Access } from "../../lab/windows/files";

const SHARE = String.raw`\\files.contoso.com\lslogs`;
const FOLDER = String.raw`D:\LS’ Copy's`;
const ACCOUNT = String.raw`CONTOSO\svc-agent-b1`;

describe("the Agent probe's script", () => {
  let directory: string;
  let files: WindowsFiles;
  let seen: FileSystem;
  const task: ProbeTask = {
    readFolder: SHARE,
    readFile: `${SHARE}\\probe.bak`,
    writeFolder: FOLDER,
    writeFile: "pchat-dr-probe-7f3a.tmp",
    removeFiles: [`${FOLDER}\\old.tmp`],
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "probe-script-"));
    files = new WindowsFiles(directory, [SHARE]);
    files.makeFolder("sql-b1", FOLDER);
    seen = windowsFileSystem(files, "sql-b1", ACCOUNT);
    seen.write(`${SHARE}\\probe.bak`, Buffer.from("TAPE"), false);
    seen.write(`${FOLDER}\\old.tmp`, Buffer.from("x"), false);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function run(changed: Partial<ProbeTask> = {}): Promise<PowerShellResult> {
    const identity = { account: ACCOUNT, computer: "SQL-B1" };
    return runPowerShell(probeScript({ ...task, ...changed }), { variables: {}, files: seen, identity });
  }

  it("says who it is and what is free, and leaves nothing behind", async () => {
    files.freeBytes.set(SHARE, 123456);
    const { output, error, exitCode } = await run();
    assert.deepEqual([exitCode, error], [0, ""]);
    const said = probeSaid(`Executed as user: ${ACCOUNT}. ${output}  Process Exit Code 0.  The step succeeded.`);
    assert.equal(said?.account, ACCOUNT);
    assert.equal(said?.readFree, 123456);
    assert.equal(typeof said?.writeFree, "number");
    assert.deepEqual(seen.list(FOLDER), []);
  });

  const cases: readonly [exit: keyof typeof PROBE_EXITS, path: string, access: Access][] = [
    [11, SHARE, "list"],
    [12, `${SHARE}\\probe.bak`, "read"],
    [21, FOLDER, "write"],
    [22, FOLDER, "read"],
    [23, FOLDER, "delete"],
  ];
  for (const [exit, path, access] of cases) {
    it(`ends with ${exit} where the account lacks the right ${PROBE_EXITS[exit].right} (${access})`, async () => {
      files.deny({ host: path.startsWith("\\\\") ? "*" : "sql-b1", account: ACCOUNT, path, access });
      const { exitCode, output } = await run();
      assert.equal(exitCode, exit, output);
      assert.equal(probeSaid(output)?.account, ACCOUNT);
    });
  }

  it("ends with 10 and 20 where a folder is missing", async () => {
    assert.equal((await run({ readFolder: `${SHARE}\\absent` })).exitCode, 10);
    assert.equal((await run({ writeFolder: String.raw`D:\absent` })).exitCode, 20);
    assert.equal((await run({ readFolder: String.raw`\\unknown.contoso.com\x`, readFile: undefined })).exitCode, 10);
  });

  it("travels as one command line without quotes, shorter than CreateProcess allows", () => {
    const command = powerShellCommand(probeScript(task));
    assert.match(command, /^powershell\.exe [A-Za-z -]+ -EncodedCommand [A-Za-z0-9+/=]+$/);
    assert(command.length < 32_767);
    const encoded = command.slice(command.lastIndexOf(" ") + 1);
    assert.equal(Buffer.from(encoded, "base64").toString("utf16le"), probeScript(task));
  });

  it("is read from a step's message", () => {
    assert.equal(processExitCode("Executed as user: X.  Process Exit Code 12.  The step failed."), 12);
    assert.equal(processExitCode("The step did not generate any output."), undefined);
    assert.equal(probeSaid('{"account":"X","readFree":'), undefined);
    assert.equal(probeSaid("nothing of ours"), undefined);
  });
});
