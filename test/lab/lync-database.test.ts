import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import type { ChatReport } from "../../lab/control-commands";
import { type Lab, startLab } from "../support/lab";
import { LabShell } from "./lab-shell";
import { query, until, value } from "./lab-queries";

const REGISTRAR = "lyncfe.dci.discovery.com";
const ROWS = "SELECT COUNT(*) FROM mgc.dbo.tblNode;";
const CREDENTIALS =
  "$a = New-Object System.Management.Automation.PSCredential('DCI\\user03', (ConvertTo-SecureString $env:USER_PASSWORD -AsPlainText -Force)); " +
  "$b = New-Object System.Management.Automation.PSCredential('user04@dci.discovery.com', (ConvertTo-SecureString $env:OTHER_PASSWORD -AsPlainText -Force))";
const AS_USERS =
  "-SenderSipAddress sip:user03@dci.discovery.com -SenderCredential $a -ReceiverSipAddress sip:user04@dci.discovery.com -ReceiverCredential $b";

describe("databases and messages with the management shell", function () {
  this.timeout(60_000);
  let lab: Lab;
  let shell: LabShell;

  before(async () => {
    lab = await startLab({ scenario: "failed-over" });
    shell = new LabShell(lab, { USER_PASSWORD: "Lab-Only-Passw0rd", OTHER_PASSWORD: "wrong" });
  });

  after(async () => {
    await shell.dispose();
    await lab.stop();
  });

  const install = (more = ""): string =>
    `Install-CsDatabase -DatabaseType PersistentChat -SqlServerFqdn sql-p1.dci.discovery.com ${more}`;
  const test = async (more = ""): Promise<{ result: string; error: string; latency: string }> => {
    const [output] = await shell.objects(
      `Test-CsPersistentChatMessage ${more.startsWith("-TargetFqdn") ? "" : `-TargetFqdn ${REGISTRAR} `}${more}`,
      "Result",
      "Error",
      "Latency",
      "TargetFqdn",
    );
    assert.equal(output?.["TargetFqdn"], REGISTRAR);
    return { result: output["Result"] ?? "", error: output["Error"] ?? "", latency: output["Latency"] ?? "" };
  };

  it("has no export and no import of a pool's rooms", async () => {
    for (const verb of ["Export", "Import"]) {
      const { id } = await shell.error(`${verb}-CsPersistentChatData -DBInstance sql-p1 -FileName C:\\rooms.zip`);
      assert.equal(id, "CommandNotFoundException", verb);
    }
  });

  it("installs databases as Topology Builder does, and never over one that is there", async () => {
    const primary = lab.instance("SQL-P1");
    await query(primary, "UPDATE mgc.dbo.tblSystemRevision SET sysRevision = 42;");
    await shell.run(install("-UseDefaultSqlPaths"));
    await shell.run("Install-CsDatabase -ConfiguredDatabases -SqlServerFqdn sql-p1.dci.discovery.com -Confirm:$false");
    const revision = "SELECT sysRevision FROM mgc.dbo.tblSystemRevision;";
    assert.equal(String(await value(primary, revision)), "42");
    await shell.run(install("-Clean -DatabasePaths E:\\CsLogs,D:\\CsData"));
    assert.equal(String(await value(primary, revision)), "1");
    assert.deepEqual(
      (
        await query(
          primary,
          "SELECT physical_name AS n FROM sys.master_files WHERE database_id = DB_ID('mgc') ORDER BY file_id;",
        )
      ).map(({ n }) => n),
      ["D:\\CsData\\mgc.mdf", "E:\\CsLogs\\mgc_log.ldf"],
    );
    const both = await shell.error(install("-Clean -Update"));
    assert.deepEqual(
      [both.id, both.message],
      [
        "ProcessingFailed,Microsoft.Rtc.Management.Deployment.InstallDatabaseCmdlet",
        "Command execution failed: Clean and Update cannot be used in the same command.",
      ],
    );
    assert.match((await shell.error(install("-SqlInstanceName rtc"))).message, /no database on SQL Server/);
  });

  it("tests databases by connecting to them", async () => {
    const found = await shell.objects(
      "Test-CsDatabase -ConfiguredDatabases -SqlServerFqdn sql-b1.dci.discovery.com",
      "DatabaseName",
      "Result",
      "SQLServerVersion",
      "MirrorSqlServerFqdn",
    );
    const version = await value(
      lab.instance("SQL-B1"),
      "SELECT CONVERT(varchar(32), SERVERPROPERTY('ProductVersion'));",
    );
    assert.deepEqual(
      found.map(Object.values),
      ["mgc", "mgccomp"].map((name) => [name, "Success", version, "sql-b2.dci.discovery.com"]),
    );
    await query(lab.instance("SQL-P1"), "DROP DATABASE mgc;");
    const [missing] = await shell.objects(
      "Test-CsDatabase -DatabaseType PersistentChat -SqlServerFqdn sql-p1.dci.discovery.com",
      "Result",
      "Error",
    );
    assert.equal(missing?.["Result"], "Failure");
    assert.match(missing["Error"] ?? "", /Database 'mgc' does not exist/);
    await shell.run(install());
    assert.equal(await value(lab.instance("SQL-P1"), ROWS), 1);
  });

  it("says that no message goes through while no chat server runs, and starts a single one", async () => {
    await lab.request("chat-stop", {});
    const service = "chat-b2.dci.discovery.com";
    const [stopped] = await shell.objects(`Get-CsWindowsService RTCCHAT -ComputerName ${service}`, "Status");
    assert.equal(stopped?.["Status"], "Stopped");
    const { result, error, latency } = await test();
    assert.deepEqual([result, latency], ["Failure", "00:00:00.0000000"]);
    assert.match(error, /Unable to establish a connection to Persistent Chat pool lyncpc\.dci\.discovery\.com/);
    await shell.run(`Start-CsWindowsService RTCCHAT -ComputerName ${service}`);
    assert.deepEqual(
      (await lab.request("chat-status", {})).connected.map(({ machine }) => machine),
      [service],
    );
  });

  it("sends a message each way through the chat servers and reads it in the pool's database", async () => {
    for (const name of ["b1", "b3", "b4"])
      await shell.run(`Start-CsWindowsService RTCCHAT -ComputerName chat-${name}.dci.discovery.com`);
    await lab.request("chat-start", { rate: 0 });
    const before = await lab.request("chat-report", {});
    const { result, error, latency } = await test();
    assert.deepEqual([result, error], ["Success", ""]);
    assert.match(latency, /^00:00:0\d\.\d{7}$/);
    const report: ChatReport = await lab.request("chat-report", {});
    assert.equal(report.stored, before.stored + 2, "the ledger has both messages");
    assert.deepEqual(report.pools[0]?.lost, []);
    const writers = await query(
      lab.instance("SQL-B1"),
      `SELECT p.prinUri AS who FROM mgc.dbo.tblChat AS c JOIN mgc.dbo.tblPrincipal AS p ON p.prinID = c.userId
WHERE c.content LIKE N'Test message.%' ORDER BY c.chatId;`,
    );
    assert.deepEqual(
      writers.map(({ who }) => who),
      ["sip:user01@dci.discovery.com", "sip:user02@dci.discovery.com"],
    );
  });

  it("stops and starts the services of chat servers", async () => {
    const [one, two] = ["chat-b1.dci.discovery.com", "chat-b2.dci.discovery.com"] as const;
    const connected = (): Promise<string[]> =>
      lab.request("chat-status", {}).then((chat) => chat.connected.map(({ machine }) => machine));
    await shell.run(`Stop-CsWindowsService RTCCHAT -ComputerName ${one}`);
    await shell.run(
      `Get-CsWindowsService -ComputerName ${two} | Where-Object { $_.DisplayName -like '*Persistent Chat' } | Stop-CsWindowsService -Graceful`,
    );
    assert.deepEqual(await connected(), ["chat-b3.dci.discovery.com", "chat-b4.dci.discovery.com"]);
    assert.deepEqual(
      (await shell.objects(`Get-CsWindowsService -ComputerName ${one}`, "Name", "Status")).map(Object.values),
      [
        ["RTCCHAT", "Stopped"],
        ["RTCCOMP", "Running"],
      ],
    );
    for (const machine of [one, two]) await shell.run(`Start-CsWindowsService -Name RTCCHAT -ComputerName ${machine}`);
    await until("all four are back", connected, (machines) => machines.length === 4);
    const spooler = await shell.error(`Stop-CsWindowsService Spooler -ComputerName ${one}`);
    assert.match(spooler.id, /^ServiceNotFound,/);
    await lab.request("fault", { action: "machine-off", machine: one });
    assert.match((await shell.error(`Get-CsWindowsService -ComputerName ${one}`)).message, /RPC server is unavailable/);
    await lab.request("fault", { action: "machine-on", machine: one });
    await until("it is back", connected, (machines) => machines.includes(one));
  });

  it("takes users with their passwords, and a room by its address", async () => {
    const wrong = await test(`-Setup $false ${AS_USERS}`).catch(() => undefined);
    assert.equal(wrong, undefined, "$a and $b are not set yet");
    await shell.run(CREDENTIALS);
    const refused = await test(AS_USERS);
    assert.deepEqual([refused.result], ["Failure"]);
    assert.match(refused.error, /user04@dci\.discovery\.com.*401 Unauthorized/);
    await shell.run(CREDENTIALS.replace("OTHER_PASSWORD", "USER_PASSWORD"));
    const room = "-ChatRoomUri 'lyncpc.dci.discovery.com\\Trading floor'";
    assert.deepEqual((await test(`${AS_USERS} ${room}`)).result, "Success");
    assert.equal(
      await value(
        lab.instance("SQL-B1"),
        `SELECT COUNT(*) FROM mgc.dbo.tblChat AS c JOIN mgc.dbo.tblNode AS n ON n.nodeID = c.channelId
WHERE c.content LIKE N'Test message.%' AND n.nodeName = N'Trading floor';`,
      ),
      2,
    );
    assert.match((await test("-ChatRoomUri 'lyncpc.dci.discovery.com\\No room'")).error, /no chat room "No room"/);
    const journal = JSON.stringify(await lab.journal());
    assert.ok(journal.includes("PSCredential") && !journal.includes("Lab-Only-Passw0rd"), "no password in the journal");
  });

  it("keeps what it found in a logger", async () => {
    const html = await shell.run(
      `$null = Test-CsPersistentChatMessage ${REGISTRAR} -OutLoggerVariable log -OutVerboseVariable words; $log.ToHTML() + $words`,
    );
    assert.match(html, /^<html>.*<td>Result<\/td><td>Success<\/td>.*Result: Success/s);
  });

  it("needs test users, who may use Persistent Chat, and a known Registrar", async () => {
    await shell.run(`Remove-CsHealthMonitoringConfiguration ${REGISTRAR}`);
    const none = await shell.error(`Test-CsPersistentChatMessage ${REGISTRAR}`);
    assert.match(none.id, /^TestUsersNotConfigured,/);
    await shell.run(
      `$null = New-CsHealthMonitoringConfiguration ${REGISTRAR} -FirstTestUserSipUri sip:nobody@contoso.com -SecondTestUserSipUri sip:user02@dci.discovery.com`,
    );
    assert.match((await test()).error, /sip:nobody@contoso\.com is not enabled for Persistent Chat/);
    assert.equal(
      (
        await test(
          "-Setup $true -TestUser1SipAddress sip:user05@dci.discovery.com -TestUser2SipAddress sip:user06@dci.discovery.com",
        )
      ).result,
      "Success",
    );
    const other = await shell.error("Test-CsPersistentChatMessage lyncpc.dci.discovery.com");
    assert.match(other.message, /Cannot find Registrar pool .* Registrar pools are: lyncfe\.dci\.discovery\.com/);
  });

  it("fails with SQL Server's reason when the database takes nothing", async () => {
    const backup = lab.instance("SQL-B1");
    await query(backup, "ALTER DATABASE mgc SET PARTNER OFF;");
    await query(backup, "ALTER DATABASE mgc SET READ_ONLY WITH ROLLBACK IMMEDIATE;");
    await until(
      "the servers are connected again",
      async () => (await lab.request("status", {})).chat.connected.length,
      (count) => count > 0,
    );
    const { result, error } = await test(
      "-SenderSipAddress sip:user05@dci.discovery.com -ReceiverSipAddress sip:user06@dci.discovery.com",
    );
    assert.equal(result, "Failure");
    assert.match(error, /Send message failed: .*database "mgc" because the database is read-only/);
  });
});
