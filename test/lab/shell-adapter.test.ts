import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { DrError } from "../../estate/errors";
import { ManagementShell, shellEndpointOf } from "../../estate/shell/management-shell";
import { ShellProcess } from "../../estate/shell/shell-process";
import type { Configuration } from "../../estate/configuration";

const POOL = "lyncpc.contoso.com";
const IDENTITY = "PersistentChatServer:lyncpc.contoso.com";

function hasCode(code: string, text = /./): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof DrError, String(error));
    assert.equal(error.code, code, error.message);
    return text.test(error.message);
  };
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("shell adapter", () => {
  let folder: string;
  let executable: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "shell-adapter-"));
    executable = join(folder, "pwsh");
    const words = [process.execPath, "--require", require.resolve("tsx/cjs"), join(__dirname, "shell-poser.ts")];
    writeFileSync(executable, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`);
    chmodSync(executable, 0o755);
  });
  after(() => rmSync(folder, { recursive: true }));

  async function withShell(
    use: (shell: ManagementShell, commands: string[]) => Promise<void>,
    timeoutSeconds = 15,
  ): Promise<void> {
    const commands: string[] = [];
    const endpoint = { executable, connectionUri: undefined, user: undefined, password: undefined, timeoutSeconds };
    const shell = new ManagementShell(endpoint, (command) => commands.push(command));
    try {
      await use(shell, commands);
    } finally {
      await shell.dispose();
    }
  }

  it("reads state, service, machines and replication, names in lower case", () =>
    withShell(async (shell) => {
      const [state, service, machines, replicas] = await Promise.all([
        shell.getPersistentChatState("LyncPC.contoso.com"),
        shell.getPersistentChatService(POOL),
        shell.getPool(POOL),
        shell.getReplicationStatus(),
      ]);
      assert.deepEqual(state, { identity: IDENTITY, poolState: "FailedOver" });
      assert.deepEqual(service.activeServers, ["chat-b1.contoso.com", "chat-b2.contoso.com"]);
      assert.deepEqual(service.inactiveServers, ["chat-p1.contoso.com"]);
      assert.deepEqual(service.stores, { PersistentChatDatabase: "sql-p1.contoso.com" });
      assert.deepEqual(machines, ["chat-b1.contoso.com", "chat-p1.contoso.com"]);
      assert.deepEqual(replicas, [
        { replicaFqdn: "chat-b1.contoso.com", upToDate: true, lastStatusReport: null, lastUpdateCreation: "then" },
      ]);
    }));

  it("clears and sets the active servers and the state, and tells each change before it is sent", () =>
    withShell(async (shell, commands) => {
      await shell.setActiveServers(IDENTITY, null, []);
      assert.deepEqual((await shell.getPersistentChatService(POOL)).activeServers, []);
      await shell.setActiveServers(IDENTITY, ["chat-p1.contoso.com", "chat-p2.contoso.com"], []);
      await shell.setActiveServers(undefined, ["chat-p2.contoso.com"], ["chat-p1.contoso.com", "chat-p2.contoso.com"]);
      assert.deepEqual((await shell.getPersistentChatService(POOL)).activeServers, ["chat-p2.contoso.com"]);
      await shell.setPoolState(IDENTITY, "Normal");
      assert.equal((await shell.getPersistentChatState(POOL)).poolState, "Normal");
      assert.equal(commands.length, 4);
    }));

  it("says which pools there are when ours is not one of them", () =>
    withShell((shell) =>
      assert.rejects(
        shell.getPersistentChatState("absent.contoso.com"),
        hasCode("UNEXPECTED_ANSWER", /other\.contoso\.com/),
      ),
    ));

  it("turns an error of a cmdlet, a missing one and text on standard error into errors", () =>
    withShell(async (shell) => {
      await assert.rejects(shell.invokeReplication("throw"), hasCode("CMDLET_FAILED", /no such replica/));
      await assert.rejects(shell.invokeReplication("stderr"), hasCode("CMDLET_FAILED", /it went wrong/));
      await shell.invokeReplication("noise");
      const bare = new ShellProcess({ executable, environment: process.env });
      try {
        await assert.rejects(
          bare.run("Get-CsUnknown -ErrorAction Stop", "Get-CsUnknown", 15_000),
          hasCode("CMDLET_MISSING"),
        );
      } finally {
        await bare.end();
      }
    }));

  it("does not hand the secrets of the provider's environment to the shell", async () => {
    const names = { PERSISTENT_CHAT_DR_SQL_PASSWORD: "one", PULUMI_CONFIG_PASSPHRASE: "two", VISIBLE: "three" };
    Object.assign(process.env, names);
    try {
      await withShell((shell) =>
        assert.rejects(shell.invokeReplication("environment"), hasCode("CMDLET_FAILED", /: \/\/three\. /)),
      );
    } finally {
      for (const name of Object.keys(names)) delete process.env[name];
    }
  });

  it("takes no answer for no answer, and goes on in a new process", () =>
    withShell(async (shell) => {
      await assert.rejects(shell.invokeReplication("silent"), hasCode("SHELL_NO_ANSWER"));
      await assert.rejects(shell.invokeReplication("exit0"), hasCode("SHELL_NO_ANSWER"));
      await assert.rejects(shell.invokeReplication("exit3"), hasCode("SHELL_UNAVAILABLE"));
      assert.deepEqual(await shell.getPool(POOL), ["chat-b1.contoso.com", "chat-p1.contoso.com"]);
    }));

  it("gives up a command at its time limit, ends that process and starts another", () =>
    withShell(async (shell) => {
      const waiting = shell.invokeReplication("hang");
      const behind = shell.getPool(POOL);
      await assert.rejects(waiting, hasCode("SHELL_TIMEOUT"));
      assert.equal((await behind).length, 2);
    }, 3));

  it("tells an executable that is not there", async () => {
    const endpoint = { connectionUri: undefined, user: undefined, password: undefined, timeoutSeconds: 5 };
    const shell = new ManagementShell({ ...endpoint, executable: join(folder, "absent") });
    await assert.rejects(
      shell.getPool(POOL),
      hasCode("SHELL_UNAVAILABLE", /no such program.*\] Set shell\.executable/),
    );
    await shell.dispose();
    const lab = new ManagementShell({ ...endpoint, executable: join(folder, ".lab", "14330", "bin", "pwsh") });
    await assert.rejects(lab.getPool(POOL), hasCode("SHELL_UNAVAILABLE", /no such program.*npm run lab -- up starts/));
    await lab.dispose();
  });

  for (const stubborn of [false, true]) {
    it(`ends its process${stubborn ? ", even one that does not heed SIGTERM" : ""}`, async () => {
      const environment = { ...process.env, ...(stubborn ? { POSER_STUBBORN: "1" } : {}) };
      const shell = new ShellProcess({ executable, environment });
      await shell.run("Get-CsPool", "Get-CsPool", 15_000);
      const { pid } = shell;
      assert(pid !== undefined && alive(pid));
      await shell.end();
      assert(!alive(pid));
      assert(!shell.usable);
      await shell.end();
    });
  }

  it("asks for an account where a remote shell is configured", () => {
    const shell = {
      connectionUri: "https://fe.contoso.com/OcsPowerShell",
      user: "CONTOSO\\operator",
      timeoutSeconds: 5,
    };
    const configuration = { shell } as unknown as Configuration;
    assert.throws(() => shellEndpointOf(configuration, {}), hasCode("CONFIGURATION_INVALID", /SHELL_PASSWORD/));
    const endpoint = shellEndpointOf(configuration, { PERSISTENT_CHAT_DR_SHELL_PASSWORD: "x" });
    assert.equal(endpoint.password, "x");
  });
});
