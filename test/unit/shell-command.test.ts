import assert from "node:assert/strict";
import { describe, it } from "mocha";
import {
  getPersistentChatService,
  getPersistentChatState,
  getPool,
  getReplicationStatus,
  installMirrorDatabase,
  invokeReplication,
  openRemoteSession,
  setActiveServers,
  setPoolState,
  testChatMessage,
  wrapped,
} from "../../estate/shell/commands";
import { parseScript } from "../../lab/shell/grammar";

const POOL = "lyncpc.contoso.com";
const NOBODY = { senderSipAddress: undefined, receiverSipAddress: undefined, chatRoomUri: undefined };
const IDENTITY = "PersistentChatServer:lyncpc.contoso.com";

describe("commands of the Management Shell", () => {
  const all = [
    getPersistentChatState(),
    getPersistentChatService(POOL),
    getPersistentChatService(),
    getPool(POOL),
    getReplicationStatus(),
    ...setActiveServers(IDENTITY, null, []),
    ...setActiveServers(undefined, ["chat-p1.contoso.com", "chat-p2.contoso.com"], ["chat-b1.contoso.com"]),
    setPoolState(IDENTITY, "Normal"),
    setPoolState("it’s; Remove-CsPool", "FailedOver"),
    invokeReplication("chat-p1.contoso.com"),
    testChatMessage({ registrar: "fe.contoso.com", ...NOBODY }),
    testChatMessage({
      registrar: "fe.contoso.com",
      senderSipAddress: "sip:test1@contoso.com",
      receiverSipAddress: "sip:test2@contoso.com",
      chatRoomUri: "ma-chan://contoso.com/0d1e",
    }),
    installMirrorDatabase({
      databaseType: "PersistentChat",
      sqlServerFqdn: "sql-p1.contoso.com",
      sqlInstanceName: "RTC",
      fileShare: String.raw`\\files.contoso.com\lslogs\mirror's`,
      dropExisting: true,
    }),
    openRemoteSession("https://fe.contoso.com/OcsPowerShell", "SHELL_USER", "SHELL_PASSWORD"),
  ];

  it("are one line of ASCII, stop at an error and never prompt", () => {
    for (const command of all) {
      assert.match(command, /^[\x20-\x7e]+$/);
      assert.match(command, /-ErrorAction Stop/);
      if (/^(Set|Install)-Cs/.test(command)) assert.match(command, /-Confirm:\$false/);
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

  it("test a message between the registrar's own test users unless two are named", () => {
    assert.match(
      testChatMessage({ registrar: "fe.contoso.com", ...NOBODY }),
      /^Test-CsPersistentChatMessage -TargetFqdn 'fe\.contoso\.com' -ErrorAction Stop \|/,
    );
  });

  it("let the product drop a copy on the mirror only where that is asked for", () => {
    const mirror = { databaseType: "PersistentChatCompliance", sqlServerFqdn: "sql-p1.contoso.com" } as const;
    const command = installMirrorDatabase({
      ...mirror,
      sqlInstanceName: undefined,
      fileShare: "share",
      dropExisting: false,
    });
    assert.equal(
      command,
      "Install-CsMirrorDatabase -DatabaseType 'PersistentChatCompliance' -SqlServerFqdn 'sql-p1.contoso.com' " +
        "-FileShare 'share' -Confirm:$false -ErrorAction Stop",
    );
  });

  it("take cmdlets that not every account may use as patterns, which may match nothing", () => {
    const command = openRemoteSession("https://fe.contoso.com/OcsPowerShell", "SHELL_USER", "SHELL_PASSWORD");
    assert.match(command, /'Get-CsPool',.*'Test-CsPersistentChatMessage\*','Install-CsMirrorDatabase\*' -AllowClobber/);
  });

  it("hold no account and no password", () => {
    const command = openRemoteSession("https://fe.contoso.com/OcsPowerShell", "SHELL_USER", "SHELL_PASSWORD");
    assert.match(command, /\$env:SHELL_USER,\(ConvertTo-SecureString \$env:SHELL_PASSWORD /);
  });
});
