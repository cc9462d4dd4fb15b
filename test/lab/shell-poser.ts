/**
 * A PowerShell for tests of the adapter alone: it runs the lines it is sent in the lab's interpreter, with the cmdlets played by
 * functions, and misbehaves when a replica of a certain name is asked for.
 */
import { createInterface } from "node:readline";
import { builtInCmdlets, runInSession } from "../../lab/shell/run";
import { Session } from "../../lab/shell/session";

const FUNCTIONS = [
  "$global:active = @('chat-b1.contoso.com','chat-B2.contoso.com')",
  "$global:state = 'FailedOver'",
  "function Get-CsPersistentChatState { [pscustomobject]@{ Identity = 'PersistentChatServer:other.contoso.com'; PoolState = 'Normal' }; " +
    "[pscustomobject]@{ Identity = 'PersistentChatServer:lyncpc.contoso.com'; PoolState = $global:state } }",
  "function Set-CsPersistentChatState { param($Identity, $PoolState, [switch]$Confirm); $global:state = $PoolState }",
  "function Set-CsPersistentChatActiveServer { param($Identity, $ActiveServers, [switch]$Confirm); " +
    "if ($null -eq $ActiveServers) { $global:active = @() } " +
    "elseif ($null -ne $ActiveServers.Add) { $global:active = @($global:active) + @($ActiveServers.Add) } " +
    "else { $gone = @($ActiveServers.Remove); $global:active = @($global:active | Where-Object { $gone -notcontains $_ }) } }",
  "function Get-CsService { param([switch]$PersistentChatServer, $PoolFqdn); [pscustomobject]@{ Identity = 'PersistentChatServer:lyncpc.contoso.com'; " +
    "PoolFqdn = 'lyncpc.contoso.com'; Version = 6; ActiveServers = @($global:active); InactiveServers = @('chat-p1.contoso.com'); " +
    "PersistentChatDatabase = 'PersistentChatDatabase:SQL-P1.contoso.com' } }",
  "function Get-CsPool { param($Identity); [pscustomobject]@{ Fqdn = $Identity; Site = 'Site:one'; Computers = @('chat-p1.contoso.com','chat-b1.contoso.com') } }",
  "function Get-CsManagementStoreReplicationStatus { [pscustomobject]@{ ReplicaFqdn = 'chat-b1.contoso.com'; UpToDate = $true; " +
    "LastStatusReport = $null; LastUpdateCreation = 'then' } }",
  "function Invoke-CsManagementStoreReplication { param($ReplicaFqdn); " +
    "if ($ReplicaFqdn -eq 'throw') { throw 'no such replica' } " +
    "if ($ReplicaFqdn -eq 'environment') { throw ('' + $env:PERSISTENT_CHAT_DR_SQL_PASSWORD + '/' + $env:PULUMI_CONFIG_PASSPHRASE + '/' + $env:VISIBLE) } " +
    "if ($ReplicaFqdn -eq 'stderr') { [Console]::Error.WriteLine('it went wrong') } " +
    "if ($ReplicaFqdn -eq 'noise') { Write-Host 'WARNING: one moment' } }",
];

// SIGTERM is not heeded: an end that relies on it alone would never come.
if (process.env["POSER_STUBBORN"] !== undefined) process.on("SIGTERM", () => undefined);

async function serve(): Promise<void> {
  const session = new Session({
    console: {
      write: (text) => void process.stdout.write(text),
      writeError: (text) => void process.stderr.write(text),
    },
    identity: { account: "CONTOSO\\operator", computer: "fe.contoso.com" },
    variables: process.env,
    cmdlets: builtInCmdlets(),
    newLine: "\n",
  });
  for (const line of FUNCTIONS) await runInSession(session, line);
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.includes("-ReplicaFqdn 'hang'")) {
      setInterval(() => undefined, 1000);
      return;
    }
    if (line.includes("-ReplicaFqdn 'exit0'")) process.exit(0);
    if (line.includes("-ReplicaFqdn 'exit3'")) process.exit(3);
    if (line.includes("-ReplicaFqdn 'silent'")) continue;
    await runInSession(session, line);
  }
}

serve().catch((error: unknown) => {
  process.stderr.write(String(error));
  process.exit(70);
});
