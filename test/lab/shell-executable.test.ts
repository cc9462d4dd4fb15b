import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { InvocationError, PowerShell } from "node-powershell";
import type { CmdletJournalEntry } from "../../lab/control-protocol";
import { ManagementStore } from "../../lab/lync/management-store";
import { estateTopology } from "../../lab/lync/topology";
import { ShellEndpoint } from "../../lab/shell/endpoint";
import { writeExecutable } from "../../lab/shell/executable";

const PASSWORD = "Correct-Horse-7";
const TOKEN = "token-of-this-test";
const STATE = "(Get-CsPersistentChatState).PoolState.ToString()";
const SESSION =
  "$c = New-Object System.Management.Automation.PSCredential($env:SHELL_USER, (ConvertTo-SecureString $env:SHELL_PASSWORD -AsPlainText -Force)); " +
  "$s = New-PSSession -ConnectionUri 'https://lyncpc.dci.discovery.com/ocspowershell' -Credential $c -Authentication Negotiate -ErrorAction Stop; $null = Import-PSSession $s -AllowClobber";

describe("shell executable", () => {
  let directory: string;
  let store: ManagementStore;
  let endpoint: ShellEndpoint;
  let server: Server;
  let sockets: Socket[];
  let journal: CmdletJournalEntry[];
  let shells: PowerShell[];

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "lab-shell-"));
    const administrators = [
      { userName: "DCI\\lyncadmin", password: PASSWORD, roles: ["CsAdministrator"] },
      { userName: "DCI\\viewer", password: PASSWORD, roles: ["CsViewOnlyAdministrator"] },
    ];
    store = new ManagementStore(
      join(directory, "store.json"),
      estateTopology({ pools: 1, poolState: "FailedOver", administrators }),
      { replicationDelayMs: 5 },
    );
    journal = [];
    shells = [];
    sockets = [];
    endpoint = new ShellEndpoint(store, { journal: (entry) => journal.push(entry) });
    server = createServer((socket) => {
      sockets.push(socket);
      endpoint.handle(socket, TOKEN);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    writeFileSync(join(directory, "token"), `${TOKEN}\n`, { mode: 0o600 });
  });

  afterEach(async () => {
    for (const shell of shells) await shell.dispose().catch(() => undefined);
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    store.close();
    rmSync(directory, { recursive: true });
  });

  function executable(managementTools = true): string {
    const { port } = server.address() as AddressInfo;
    const control = { host: "127.0.0.1", port, tokenFile: join(directory, "token") };
    return writeExecutable(directory, {
      node: process.execPath,
      main: join(__dirname, "../../lab/shell/main.ts"),
      control,
      managementTools,
    });
  }

  function start(
    options: { managementTools?: boolean; invocationTimeout?: number; user?: string; password?: string } = {},
  ): PowerShell {
    const env = {
      ...process.env,
      SHELL_USER: options.user ?? "DCI\\lyncadmin",
      SHELL_PASSWORD: options.password ?? PASSWORD,
    };
    const shell = new PowerShell({
      executable: executable(options.managementTools),
      spawnOptions: { env },
      ...(options.invocationTimeout === undefined ? {} : { invocationTimeout: options.invocationTimeout }),
    });
    shells.push(shell);
    return shell;
  }

  /** A process of the executable itself; `input` is written in the given chunks, then standard input ends. */
  async function execute(
    args: readonly string[],
    input: readonly Buffer[] = [],
  ): Promise<{ output: string; error: string; code: number | null }> {
    const child: ChildProcess = spawn(executable(), args, { stdio: "pipe" });
    let [output, error] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (error += text));
    const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
    for (const chunk of input) {
      child.stdin?.write(chunk);
      await delay(1);
    }
    child.stdin?.end();
    return { code: await closed, output, error };
  }

  it("answers node-powershell: objects as JSON, errors on standard error, the next call works", async () => {
    const shell = start();
    const { raw } = await shell.invoke(
      '@(Get-CsPersistentChatState | ForEach-Object { [pscustomobject]@{ Identity = "$($_.Identity)"; PoolState = $_.PoolState.ToString() } }) | ConvertTo-Json -Compress',
    );
    assert.deepEqual(JSON.parse(raw), {
      Identity: "PersistentChatServer:lyncpc.dci.discovery.com",
      PoolState: "FailedOver",
    });
    assert.equal(
      (await shell.invoke("Get-CsPersistentChatState | ConvertTo-Json -Compress")).raw,
      '{"Identity":"PersistentChatServer:lyncpc.dci.discovery.com","PoolState":1}',
    );
    await assert.rejects(
      shell.invoke("Set-CsPersistentChatState -Identity 'service:none.dci' -PoolState Normal -Confirm:$false"),
      (error) => {
        return (
          error instanceof InvocationError &&
          /^Set-CsPersistentChatState : Cannot find service "service:none\.dci"/.test(error.message)
        );
      },
    );
    assert.equal((await shell.invoke("'äö—𝄞'")).raw, "äö—𝄞");
  });

  it("hands an ErrorRecord of a Cs cmdlet to a catch block", async () => {
    const { raw } = await start().invoke(
      "try { Get-CsPool -Identity 'none' -ErrorAction Stop } catch { @{ id = $_.FullyQualifiedErrorId; category = \"$($_.CategoryInfo.Category)\"; message = $_.Exception.Message } | ConvertTo-Json -Compress }",
    );
    assert.deepEqual(JSON.parse(raw), {
      id: "PoolNotFound,Microsoft.Rtc.Management.Xds.GetPoolCmdlet",
      category: "ObjectNotFound",
      message: 'Cannot find pool "none" in the topology.',
    });
  });

  it("changes the store and journals each cmdlet with what it changed", async () => {
    const shell = start();
    const command = `Set-CsPersistentChatActiveServer -Identity 'PersistentChatServer:lyncpc.dci.discovery.com' -ActiveServers $Null -Confirm:$false; ${STATE}`;
    assert.equal((await shell.invoke(command)).raw, "FailedOver");
    assert.deepEqual(store.settings(store.topology.pools[0]!)?.activeServers, []);
    assert.deepEqual(
      journal.map(({ cmdlet, changes, text, error }) => ({ cmdlet, changes, text, error })),
      [
        {
          cmdlet: "Set-CsPersistentChatActiveServer",
          changes: ["Set-CsPersistentChatActiveServer"],
          text: command,
          error: null,
        },
        { cmdlet: "Get-CsPersistentChatState", changes: [], text: command, error: null },
      ],
    );
    assert.match(journal[0]?.client ?? "", /^pwsh \d+$/);
  });

  it("says what -WhatIf would do and does nothing", async () => {
    const { raw } = await start().invoke(
      "Set-CsPersistentChatState -Identity 'service: lyncpc.dci.discovery.com' -PoolState Normal -WhatIf",
    );
    assert.equal(
      raw,
      'What if: Performing the operation "Set-CsPersistentChatState" on target "PersistentChatServer:lyncpc.dci.discovery.com".',
    );
    assert.deepEqual(
      journal.map(({ changes }) => changes),
      [[]],
    );
    assert.equal(store.snapshot.revision, 1);
  });

  it("hangs on a prompt that nobody answers", async () => {
    const shell = start({ invocationTimeout: 2000 });
    await assert.rejects(shell.invoke("Set-CsPersistentChatState -PoolState Normal"), InvocationError);
    assert.equal(store.snapshot.revision, 1);
    assert.deepEqual(
      journal.map(({ changes }) => changes),
      [[]],
    );
  });

  for (const [answer, state] of [
    ["Y", "Normal"],
    ["n", "FailedOver"],
    ["", "Normal"],
  ] as const)
    it(`asks before a change; "${answer}" leaves the pool ${state}`, async () => {
      const { output, code } = await execute(
        ["-NoLogo", "-NoExit", "-Command", "-"],
        [Buffer.from(`Set-CsPersistentChatState -PoolState Normal\nwhat?\n${answer}\n${STATE}\n`)],
      );
      assert.match(
        output,
        /Performing the operation "Set-CsPersistentChatState" on target "PersistentChatServer:lyncpc\.dci\.discovery\.com"\./,
      );
      assert.equal(output.split("[Y] Yes  [A] Yes to All").length, 3);
      assert.equal(output.trimEnd().split("\n").at(-1)?.split(": ").at(-1), state);
      assert.equal(code, 0);
    });

  it("does not prompt without somebody to ask", async () => {
    const { error, code } = await execute([
      "-NonInteractive",
      "-Command",
      "Set-CsPersistentChatState -PoolState Normal",
    ]);
    assert.match(error, /NonInteractive mode/);
    assert.equal(code, 1);
  });

  it("reads its input in any chunks and blocks up to an empty line", async () => {
    const script = Buffer.from(
      "'äö'\nif ($true) {\r\n  'in the block'\r\n}\r\n\r\n$x = @(\n1,\n2)\n\n$x.Count\nexit 7\n'never'\n",
    );
    const chunks = [...script].map((byte) => Buffer.from([byte]));
    const { output, error, code } = await execute(["-NoLogo", "-NoExit", "-Command", "-"], chunks);
    assert.deepEqual([output, error, code], ["äö\nin the block\n2\n", "", 7]);
  });

  it("runs -Command and -EncodedCommand and ends with their code", async () => {
    const encoded = Buffer.from("'from base64'; exit 3", "utf16le").toString("base64");
    assert.deepEqual(await execute(["-NoProfile", "-EncodedCommand", encoded]), {
      output: "from base64\n",
      error: "",
      code: 3,
    });
    assert.deepEqual(await execute(["-nop", "-c", STATE]), { output: "FailedOver\n", error: "", code: 0 });
    assert.equal((await execute(["-Command", "Get-Nothing"])).code, 1);
  });

  it("ends at the end of its input and at SIGTERM", async () => {
    assert.equal((await execute(["-Command", "-"])).code, 0);
    const child = spawn(executable(), ["-NoLogo", "-NoExit", "-Command", "-"], { stdio: "pipe" });
    const output = new Promise((resolve) => child.stdout.once("data", resolve));
    child.stdin.write("'up'\n");
    await output;
    const ended = new Promise((resolve) => child.on("close", (_code, signal) => resolve(signal)));
    child.kill("SIGTERM");
    assert.equal(await ended, "SIGTERM");
  });

  describe("remote sessions", () => {
    it("imports the cmdlets of a session into a shell without management tools", async () => {
      const shell = start({ managementTools: false });
      await assert.rejects(shell.invoke("Get-CsPool"), /The term 'Get-CsPool' is not recognized/);
      assert.equal((await shell.invoke(`${SESSION}; ${STATE}`)).raw, "FailedOver");
      assert.equal(
        (await shell.invoke("(Get-CsPersistentChatState).GetType().FullName")).raw,
        "Deserialized.Microsoft.Rtc.Management.WritableConfig.Settings.PersistentChat.PersistentChatState",
      );
      assert.equal((await shell.invoke("Remove-PSSession $s; @(Get-PSSession).Count")).raw, "0");
      await assert.rejects(shell.invoke("Get-CsPool"), /is not equal to Open/);
    });

    it("refuses a wrong password and keeps it out of the journal", async () => {
      const wrong = "Wrong-Horse-8";
      const shell = start({ managementTools: false, password: wrong });
      await assert.rejects(shell.invoke(SESSION), /Access is denied/);
      await assert.rejects(shell.invoke(SESSION.replace("$env:SHELL_PASSWORD", `'${wrong}'`)), /Access is denied/);
      const text = JSON.stringify(journal);
      assert.equal(journal.length, 2);
      for (const form of [
        wrong,
        Buffer.from(wrong).toString("base64"),
        Buffer.from(wrong, "utf16le").toString("base64"),
      ])
        assert.ok(!text.includes(form), form);
    });

    it("offers only the cmdlets of the user's roles", async () => {
      const shell = start({ managementTools: false, user: "DCI\\viewer" });
      assert.equal((await shell.invoke(`${SESSION}; ${STATE}`)).raw, "FailedOver");
      await assert.rejects(
        shell.invoke("Set-CsPersistentChatState -PoolState Normal -Confirm:$false"),
        /is not recognized/,
      );
    });

    it("breaks when the server forgets the session, and can be opened again", async () => {
      const shell = start({ managementTools: false });
      await shell.invoke(SESSION);
      assert.equal(endpoint.breakSessions(), 1);
      await assert.rejects(shell.invoke("Get-CsPool"), /The session state is Broken/);
      assert.equal((await shell.invoke("$s.State")).raw, "Broken");
      assert.equal((await shell.invoke(`${SESSION}; ${STATE}`)).raw, "FailedOver");
    });
  });

  it("says so when the store cannot be reached, and connects again when it can", async () => {
    const shell = start();
    assert.equal((await shell.invoke(STATE)).raw, "FailedOver");
    const { port } = server.address() as AddressInfo;
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await assert.rejects(shell.invoke(STATE), /The Central Management store at 127\.0\.0\.1:\d+ cannot be reached/);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    assert.equal((await shell.invoke(STATE)).raw, "FailedOver");
  });

  it("refuses a connection without the token", async () => {
    writeFileSync(join(directory, "token"), "another\n");
    await assert.rejects(start().invoke(STATE), /the token was refused/);
    assert.equal(journal.length, 0);
  });
});
