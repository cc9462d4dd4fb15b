import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  getPersistentChatService,
  getPersistentChatState,
  getPool,
  getReplicationStatus,
  invokeReplication,
  openRemoteSession,
  setActiveServers,
  setPoolState,
  wrapped,
} from "../../estate/shell/commands";
import { parseScript } from "../../lab/shell/grammar";

const POOL = "lyncpc.contoso.com";
const IDENTITY = "PersistentChatServer:lyncpc.contoso.com";

describe("commands of the Management Shell", () => {
  const all = [
    getPersistentChatState(),
    getPersistentChatService(POOL),
    getPool(POOL),
    getReplicationStatus(),
    ...setActiveServers(IDENTITY, null, []),
    ...setActiveServers(undefined, ["chat-p1.contoso.com", "chat-p2.contoso.com"], ["chat-b1.contoso.com"]),
    setPoolState(IDENTITY, "Normal"),
    setPoolState("it’s; Remove-CsPool", "FailedOver"),
    invokeReplication("chat-p1.contoso.com"),
    openRemoteSession("https://fe.contoso.com/OcsPowerShell", "SHELL_USER", "SHELL_PASSWORD"),
  ];

  it("are one line of ASCII, stop at an error and never prompt", () => {
    for (const command of all) {
      assert.match(command, /^[\x20-\x7e]+$/);
      assert.match(command, /-ErrorAction Stop/);
      if (command.startsWith("Set-Cs")) assert.match(command, /-Confirm:\$false/);
      assert.doesNotMatch(command, /-Force -|-Swap/);
    }
  });

  it("are PowerShell, alone and wrapped", async () => {
    for (const command of all) {
      await parseScript(command);
      await parseScript(wrapped(command, "0123456789abcdef"));
    }
  });

  it("clear the list with $Null", () => {
    assert.deepEqual(setActiveServers(IDENTITY, null, ["a.b"]), [
      `Set-CsPersistentChatActiveServer -Identity '${IDENTITY}' -ActiveServers $Null -Confirm:$false -ErrorAction Stop`,
    ]);
  });

  it("remove before they add, whatever the case, and leave a right list alone", () => {
    assert.deepEqual(setActiveServers(undefined, ["A.x", "b.x"], ["B.X", "c.x"]), [
      "Set-CsPersistentChatActiveServer -ActiveServers @{Remove='c.x'} -Confirm:$false -ErrorAction Stop",
      "Set-CsPersistentChatActiveServer -ActiveServers @{Add='a.x'} -Confirm:$false -ErrorAction Stop",
    ]);
    assert.deepEqual(setActiveServers(undefined, ["a.x"], ["A.X"]), []);
  });

  it("hold no account and no password", () => {
    const command = openRemoteSession("https://fe.contoso.com/OcsPowerShell", "SHELL_USER", "SHELL_PASSWORD");
    assert.match(command, /\$env:SHELL_USER,\(ConvertTo-SecureString \$env:SHELL_PASSWORD /);
  });
});
