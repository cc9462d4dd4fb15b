/**
 * The commands that the product sends to the Lync Management Shell, as pure text: one line of ASCII each, -ErrorAction Stop on
 * every cmdlet, -Confirm:$false on those that ask, enumerations and names turned into strings in the command itself (an enum would
 * be a number in JSON). Cmdlets as documented for Lync Server 2013 and Skype for Business Server 2015.
 */
import { powerShellList, powerShellLiteral, powerShellText } from "./quote";

/** The cmdlets that a remote session imports. */
export const CMDLETS = [
  "Get-CsPersistentChatState",
  "Set-CsPersistentChatState",
  "Set-CsPersistentChatActiveServer",
  "Get-CsService",
  "Get-CsPool",
  "Get-CsManagementStoreReplicationStatus",
  "Invoke-CsManagementStoreReplication",
] as const;

/** Cmdlets that are called only where the configuration asks for them: an account without the right to them is fine. */
export const OPTIONAL_CMDLETS = ["Test-CsPersistentChatMessage", "Install-CsMirrorDatabase"] as const;

/** The eight stores of a Persistent Chat pool, properties of what Get-CsService -PersistentChatServer returns. */
export const STORE_PROPERTIES = [
  "PersistentChatDatabase",
  "MirrorPersistentChatDatabase",
  "BackupPersistentChatDatabase",
  "BackupMirrorPersistentChatDatabase",
  "PersistentChatComplianceDatabase",
  "MirrorPersistentChatComplianceDatabase",
  "BackupPersistentChatComplianceDatabase",
  "BackupMirrorPersistentChatComplianceDatabase",
] as const;

/** `Normal` or `FailedOver`. */
export type PoolState = "Normal" | "FailedOver";

function select(cmdlet: string, properties: { readonly [name: string]: string }): string {
  const members = Object.entries(properties).map(([name, expression]) => `${name} = ${expression}`);
  return `${cmdlet} | ForEach-Object { [pscustomobject]@{ ${members.join("; ")} } }`;
}

const asText = (property: string): string => `[string]$_.${property}`;
const asTexts = (property: string): string => `@($_.${property} | ForEach-Object { [string]$_ })`;

/** Every pool's state: Identity, PoolState. The caller picks its pool by the identity, which is passed back unchanged. */
export function getPersistentChatState(): string {
  return select("Get-CsPersistentChatState -ErrorAction Stop", {
    Identity: asText("Identity"),
    PoolState: asText("PoolState"),
  });
}

/**
 * The service of a pool, of every pool when none is named: Identity, PoolFqdn, Version, the list of active servers and the stores.
 * `Has…` tell a property that this version of the product does not have from an empty list.
 */
export function getPersistentChatService(poolFqdn?: string): string {
  const pool = poolFqdn === undefined ? "" : ` -PoolFqdn ${powerShellText(poolFqdn)}`;
  return select(`Get-CsService -PersistentChatServer${pool} -ErrorAction Stop`, {
    Identity: asText("Identity"),
    PoolFqdn: asText("PoolFqdn"),
    Version: asText("Version"),
    HasActiveServers: "($null -ne $_.ActiveServers)",
    ActiveServers: asTexts("ActiveServers"),
    InactiveServers: asTexts("InactiveServers"),
    ...Object.fromEntries(STORE_PROPERTIES.map((property) => [property, asText(property)])),
  });
}

/** The pool's machines: Fqdn, Site, Computers. */
export function getPool(poolFqdn: string): string {
  return select(`Get-CsPool -Identity ${powerShellText(poolFqdn)} -ErrorAction Stop`, {
    Fqdn: asText("Fqdn"),
    Site: asText("Site"),
    Computers: asTexts("Computers"),
  });
}

/** Every replica: ReplicaFqdn, UpToDate, LastStatusReport, LastUpdateCreation (times as text of the shell's machine). */
export function getReplicationStatus(): string {
  return select("Get-CsManagementStoreReplicationStatus -ErrorAction Stop", {
    ReplicaFqdn: asText("ReplicaFqdn"),
    UpToDate: "[bool]$_.UpToDate",
    LastStatusReport: asText("LastStatusReport"),
    LastUpdateCreation: asText("LastUpdateCreation"),
  });
}

/**
 * The commands that turn the active servers from `present` into `target`; null or an empty target clears the list ($Null, as the
 * failback document does). Remove comes before Add: a pool has at most four active servers. Empty when nothing differs.
 * `identity` undefined leaves -Identity out, which is enough in an organisation with one pool.
 */
export function setActiveServers(
  identity: string | undefined,
  target: readonly string[] | null,
  present: readonly string[],
): string[] {
  const change = (value: string): string =>
    `Set-CsPersistentChatActiveServer${identityArgument(identity)} -ActiveServers ${value} -Confirm:$false -ErrorAction Stop`;
  if (target === null || target.length === 0) return [change("$Null")];
  const wanted = new Set(target.map((fqdn) => fqdn.toLowerCase()));
  const had = new Set(present.map((fqdn) => fqdn.toLowerCase()));
  const surplus = [...had].filter((fqdn) => !wanted.has(fqdn));
  const missing = [...wanted].filter((fqdn) => !had.has(fqdn));
  return [
    ...(surplus.length > 0 ? [change(`@{Remove=${powerShellList(surplus)}}`)] : []),
    ...(missing.length > 0 ? [change(`@{Add=${powerShellList(missing)}}`)] : []),
  ];
}

/** Sets the pool's state; -PoolState is always given, since the cmdlet's default is Normal. */
export function setPoolState(identity: string, state: PoolState): string {
  return (
    `Set-CsPersistentChatState -Identity ${powerShellText(identity)} -PoolState ${powerShellText(state)} ` +
    "-Confirm:$false -ErrorAction Stop"
  );
}

/** Whom Test-CsPersistentChatMessage signs in, and where. */
export interface ChatMessageTest {
  /** FQDN of the registrar (Front End) pool, not of the chat pool. */
  readonly registrar: string;
  /** Both or none; without them the registrar's own test users (New-CsHealthMonitoringConfiguration) are taken. */
  readonly senderSipAddress: string | undefined;
  readonly receiverSipAddress: string | undefined;
  readonly chatRoomUri: string | undefined;
}

/** Sends a message from one test user to another through a chat room: Result, Error, Diagnosis. */
export function testChatMessage(test: ChatMessageTest): string {
  const parameters = [
    ["TargetFqdn", test.registrar],
    ["SenderSipAddress", test.senderSipAddress],
    ["ReceiverSipAddress", test.receiverSipAddress],
    ["ChatRoomUri", test.chatRoomUri],
  ].flatMap(([name, value]) =>
    name === undefined || value === undefined ? [] : [`-${name} ${powerShellText(value)}`],
  );
  return select(`Test-CsPersistentChatMessage ${parameters.join(" ")} -ErrorAction Stop`, {
    Result: asText("Result"),
    Error: asText("Error"),
    Diagnosis: asText("Diagnosis"),
  });
}

/** What Install-CsMirrorDatabase makes a mirror of; the mirror itself is the topology's. */
export interface MirrorInstallation {
  readonly databaseType: "PersistentChat" | "PersistentChatCompliance";
  /** FQDN of the host whose instance is to be the principal, and the instance's name there unless it is the default one. */
  readonly sqlServerFqdn: string;
  readonly sqlInstanceName: string | undefined;
  /** Share that both engines and Agents may read and write. */
  readonly fileShare: string;
  /** A copy of that name on the mirror goes first. */
  readonly dropExisting: boolean;
}

/** Makes the mirror of one database: backup, restore and session, by the product itself. It asks without -Confirm:$false. */
export function installMirrorDatabase(mirror: MirrorInstallation): string {
  return [
    `Install-CsMirrorDatabase -DatabaseType ${powerShellText(mirror.databaseType)}`,
    `-SqlServerFqdn ${powerShellText(mirror.sqlServerFqdn)}`,
    ...(mirror.sqlInstanceName === undefined ? [] : [`-SqlInstanceName ${powerShellText(mirror.sqlInstanceName)}`]),
    `-FileShare ${powerShellText(mirror.fileShare)}`,
    ...(mirror.dropExisting ? ["-DropExistingDatabasesOnMirror"] : []),
    "-Confirm:$false -ErrorAction Stop",
  ].join(" ");
}

/** Asks the Central Management store to replicate, to one replica or to all. */
export function invokeReplication(replicaFqdn?: string): string {
  const replica = replicaFqdn === undefined ? "" : ` -ReplicaFqdn ${powerShellText(replicaFqdn)}`;
  return `Invoke-CsManagementStoreReplication${replica} -ErrorAction Stop`;
}

function identityArgument(identity: string | undefined): string {
  return identity === undefined ? "" : ` -Identity ${powerShellText(identity)}`;
}

/**
 * The line that is sent for a command: its objects as a list, or its error, as one line of JSON that ends with `mark`.
 * `mark` is letters and digits of our own; a result without it is no result.
 */
export function wrapped(command: string, mark: string): string {
  const end = `mark = '${mark}' } | ConvertTo-Json -Compress -Depth 6`;
  const line =
    `try { $answer = @(${command}); [pscustomobject]@{ ok = $true; value = $answer; ${end} } ` +
    "catch { [pscustomobject]@{ ok = $false; id = [string]$_.FullyQualifiedErrorId; " +
    "category = [string]$_.CategoryInfo.Category; message = [string]$_.Exception.Message; " +
    `position = [string]$_.InvocationInfo.PositionMessage; ${end} }`;
  return line;
}

/**
 * Opens the remote Management Shell and imports what the product calls. User and password come from the child's environment, so
 * that neither stands in a command.
 */
export function openRemoteSession(connectionUri: string, userVariable: string, passwordVariable: string): string {
  const credential =
    `(New-Object System.Management.Automation.PSCredential -ArgumentList $env:${userVariable},` +
    `(ConvertTo-SecureString $env:${passwordVariable} -AsPlainText -Force))`;
  // A name that the account may not use would be an error; a pattern that matches nothing is none.
  const optional = OPTIONAL_CMDLETS.map((cmdlet) => powerShellLiteral(`${cmdlet}*`)).join(",");
  return (
    `Import-PSSession -Session (New-PSSession -ConnectionUri ${powerShellText(connectionUri)} -Credential ${credential} ` +
    `-ErrorAction Stop) -CommandName ${powerShellList(CMDLETS)},${optional} -AllowClobber -ErrorAction Stop | Out-Null`
  );
}

/** Ends what {@link openRemoteSession} opened: a user may hold only a few remote shells at once. */
export const CLOSE_REMOTE_SESSIONS = "Get-PSSession | Remove-PSSession -ErrorAction Stop";
