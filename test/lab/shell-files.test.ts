import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runPowerShellCommandLine } from "../../lab/shell/command-line";
import { windowsFileSystem } from "../../lab/shell/file-system";
import { type PowerShellResult, runPowerShell } from "../../lab/shell/run";
import { WindowsFiles } from "../../lab/windows/files";

const SHARE = "\\\\files.dci.discovery.com\\lslogs";
const ACCOUNT = "DCI\\svc-agent-b1";

/** What a job step asks of a share and a copy folder, with an exit code per finding. */
const PROBE = `
$ErrorActionPreference = 'Stop'
$share = '${SHARE}'; $copy = 'D:\\LSCopy'
if (-not (Test-Path -LiteralPath $share)) { exit 10 }
try { $files = @(Get-ChildItem -LiteralPath $share -Filter 'mgc_*') } catch { [Console]::Error.WriteLine($_.FullyQualifiedErrorId); exit 11 }
try { $null = Get-Content -LiteralPath "$share\\probe.bak" -Encoding Byte -TotalCount 1 } catch { [Console]::Error.WriteLine($_.Exception.Message); exit 12 }
if (-not (Test-Path -LiteralPath $copy -PathType Container)) { exit 20 }
$probe = "$copy\\pchat-dr.txt"
try { Set-Content -LiteralPath $probe -Value 'probe' } catch { [Console]::Error.WriteLine($_.FullyQualifiedErrorId); exit 21 }
if ((Get-Content -LiteralPath $probe) -ne 'probe') { exit 22 }
try { Remove-Item -LiteralPath $probe } catch { [Console]::Error.WriteLine($_.Exception.Message); exit 23 }
$fso = New-Object -ComObject Scripting.FileSystemObject
$me = [System.Security.Principal.WindowsIdentity]::GetCurrent().Name
@{ account = $me; files = $files.Count; share = $fso.GetDrive($share).FreeSpace; copy = $fso.GetDrive($fso.GetDriveName($copy)).FreeSpace } | ConvertTo-Json -Compress
exit 0
`;

describe("PowerShell on the lab's Windows files", () => {
  let directory: string;
  let files: WindowsFiles;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lab-shell-files-"));
    files = new WindowsFiles(directory, [SHARE]);
    files.makeFolder("sql-b1", "D:\\LSCopy");
    writeFileSync(join(files.shareDirectory(SHARE), "probe.bak"), "backup");
    writeFileSync(join(files.shareDirectory(SHARE), "mgc_1.trn"), "log");
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  function run(script: string): Promise<PowerShellResult> {
    const environment = {
      variables: {},
      identity: { account: ACCOUNT, computer: "sql-b1" },
      files: windowsFileSystem(files, "sql-b1", ACCOUNT),
    };
    const encoded = Buffer.from(script, "utf16le").toString("base64");
    const line = `powershell.exe -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand ${encoded}`;
    return runPowerShellCommandLine(line, environment);
  }

  it("probes share and folder as the account and says how much room there is", async () => {
    files.freeBytes.set(SHARE, 5_000_000_000);
    files.freeBytes.set("sql-b1|D:", 1234);
    const { output, error, exitCode } = await run(PROBE);
    assert.equal(error, "");
    assert.equal(exitCode, 0);
    assert.deepEqual(JSON.parse(output), { account: ACCOUNT, files: 1, share: 5_000_000_000, copy: 1234 });
  });

  const denials: readonly (readonly ["list" | "read" | "write" | "delete", string, number, RegExp])[] = [
    ["list", SHARE, 11, /^DirUnauthorizedAccessError,Microsoft\.PowerShell\.Commands\.GetChildItemCommand/],
    ["read", SHARE, 12, /^Access to the path '.*probe\.bak' is denied\./],
    ["write", "D:\\LSCopy", 21, /^GetContentWriterUnauthorizedAccessError,/],
    ["delete", "D:\\LSCopy", 23, /^Cannot remove item D:\\LSCopy\\pchat-dr\.txt: Access to the path is denied\./],
  ];
  for (const [access, path, code, text] of denials)
    it(`finds that ${access} is missing on ${path}`, async () => {
      files.deny({ host: "*", account: ACCOUNT, path, access });
      const { error, exitCode } = await run(PROBE);
      assert.equal(exitCode, code);
      assert.match(error, text);
    });

  it("finds that the copy folder is missing", async () => {
    const { exitCode } = await run(PROBE.replace("D:\\LSCopy", "D:\\Elsewhere"));
    assert.equal(exitCode, 20);
  });

  it("finds that the share is missing", async () => {
    const { exitCode } = await run(PROBE.replace("lslogs", "nothing"));
    assert.equal(exitCode, 10);
  });

  it("lists, writes and reads through .NET as well", async () => {
    const { output, error } = await run(
      "[System.IO.File]::WriteAllText('D:\\LSCopy\\a.txt', 'äö'); [IO.File]::ReadAllText('D:\\LSCopy\\a.txt'); [IO.Directory]::GetFiles('D:\\LSCopy'); [IO.File]::Exists('D:\\x'); (Get-Item 'D:\\LSCopy\\a.txt').Length; Get-ChildItem 'D:\\LSCopy\\*.txt' | ForEach-Object { $_.FullName }",
    );
    assert.equal(error, "");
    assert.deepEqual(output.trimEnd().split("\r\n"), ["äö", "D:\\LSCopy\\a.txt", "False", "4", "D:\\LSCopy\\a.txt"]);
  });

  it("says that a path is not there as PowerShell does", async () => {
    const { output } = await run(
      "try { Get-Content 'D:\\LSCopy\\none.txt' -ErrorAction Stop } catch { $_.FullyQualifiedErrorId; $_.Exception.Message }",
    );
    assert.deepEqual(output.trimEnd().split("\r\n"), [
      "PathNotFound,Microsoft.PowerShell.Commands.GetContentCommand",
      "Cannot find path 'D:\\LSCopy\\none.txt' because it does not exist.",
    ]);
  });

  it("never sees the machine's own files", async () => {
    const { output } = await runPowerShell(
      `Test-Path '${__filename}'; Test-Path '/etc/passwd'; Test-Path 'C:\\..\\..\\etc'`,
      {
        variables: {},
        identity: { account: ACCOUNT, computer: "sql-b1" },
        files: windowsFileSystem(files, "sql-b1", ACCOUNT),
      },
    );
    assert.equal(output, "False\r\nFalse\r\nFalse\r\n");
  });

  it("refuses an encoded command that is none", async () => {
    const { error, exitCode } = await runPowerShellCommandLine("powershell.exe -EncodedCommand %%%", {
      variables: {},
      identity: { account: ACCOUNT, computer: "sql-b1" },
    });
    assert.match(error, /not properly encoded/);
    assert.equal(exitCode, 1);
  });
});
