/** The Lync Management Shell: typed reading and the changes of the runbook, over one process that is kept. */
import { z } from "zod";
import type { Configuration } from "../configuration";
import { DrError, toDrError } from "../errors";
import { printable } from "../printable";
import { SQL_PASSWORD_VARIABLE } from "../sql/endpoint";
import {
  type ChatMessageOutcome,
  fqdns,
  namesPool,
  type PersistentChatService,
  type PersistentChatState,
  type PersistentChatTopology,
  poolSchema,
  type Replica,
  replicaSchema,
  same,
  serviceOf,
  serviceSchema,
  stateSchema,
  testSchema,
} from "./answers";
import {
  CLOSE_REMOTE_SESSIONS,
  failOverChatDatabase,
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
  type ChatMessageTest,
  type MirrorInstallation,
  type PoolState,
  type PrincipalStore,
} from "./commands";
import { ShellProcess } from "./shell-process";

/** Environment variable that is asked for the shell account's password before the stack's configuration is. */
export const SHELL_PASSWORD_VARIABLE = "PERSISTENT_CHAT_DR_SHELL_PASSWORD";
/** Set for the child only. */
const SHELL_USER_VARIABLE = "PERSISTENT_CHAT_DR_SHELL_USER";

/** How the shell is reached. Holds a password: never print or store one. */
export interface ShellEndpoint {
  readonly executable: string | undefined;
  readonly connectionUri: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly timeoutSeconds: number;
}

/** The shell's endpoint by configuration; the password comes from `environment` first. */
export function shellEndpointOf(
  configuration: Configuration,
  environment: NodeJS.ProcessEnv = process.env,
): ShellEndpoint {
  const { shell } = configuration;
  const password = environment[SHELL_PASSWORD_VARIABLE] || configuration.shellPassword;
  if (shell.connectionUri !== undefined && (shell.user === undefined || password === undefined)) {
    throw new DrError({
      code: "CONFIGURATION_INVALID",
      summary: "the remote Management Shell needs an account",
      where: shell.connectionUri,
      expected: `shell.user, and ${SHELL_PASSWORD_VARIABLE} or the secret persistent-chat-dr:shellPassword`,
      found: shell.user === undefined ? "no shell.user" : "no password",
      hint: "Set both, or leave shell.connectionUri out where the Management Shell is installed.",
    });
  }
  const { executable, connectionUri, user, timeoutSeconds } = shell;
  return { executable, connectionUri, user, password, timeoutSeconds };
}

/**
 * The Management Shell. Commands run one at a time, in the order of the calls; a process that timed out or ended is replaced at the
 * next call. `onCommand` is told every changing command before it is sent (the journal).
 */
export class ManagementShell {
  readonly #endpoint: ShellEndpoint;
  readonly #onCommand: (command: string) => void;
  #process: ShellProcess | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #disposed = false;
  /** Why the remote end does not let the account in. */
  #refused: DrError | undefined;
  /** Processes beside the one that is kept: one for each cmdlet that takes long. */
  readonly #apart = new Set<ShellProcess>();

  constructor(endpoint: ShellEndpoint, onCommand: (command: string) => void = () => undefined) {
    this.#endpoint = endpoint;
    this.#onCommand = onCommand;
  }

  /** What is addressed, for errors: the remote address or the executable. */
  get address(): string {
    return this.#endpoint.connectionUri ?? this.#endpoint.executable ?? "PowerShell";
  }

  /** The pool's state. Throws UNEXPECTED_ANSWER when the topology has no such pool. */
  async getPersistentChatState(poolFqdn: string): Promise<PersistentChatState> {
    const cmdlet = "Get-CsPersistentChatState";
    const states = await this.#read(getPersistentChatState(), cmdlet, stateSchema);
    const state = states.find((row) => namesPool(row.Identity, poolFqdn));
    if (state === undefined)
      throw this.#noSuchPool(
        cmdlet,
        poolFqdn,
        states.map((row) => row.Identity),
      );
    return { identity: state.Identity, poolState: state.PoolState };
  }

  /** The pool's service with its active servers and stores. */
  async getPersistentChatService(poolFqdn: string): Promise<PersistentChatService> {
    const cmdlet = "Get-CsService";
    const services = await this.#read(getPersistentChatService(poolFqdn), cmdlet, serviceSchema);
    const service = services.find((row) => same(row.PoolFqdn, poolFqdn));
    if (service === undefined)
      throw this.#noSuchPool(
        cmdlet,
        poolFqdn,
        services.map((row) => row.PoolFqdn),
      );
    if (!service.HasActiveServers) {
      throw this.#unexpected(cmdlet, "a property ActiveServers", `none in version ${service.Version}`);
    }
    return { ...serviceOf(service), activeServers: fqdns(service.ActiveServers) };
  }

  /** The services of every pool of the topology, none when it has no Persistent Chat. */
  async getPersistentChatServices(): Promise<PersistentChatTopology[]> {
    const services = await this.#read(getPersistentChatService(), "Get-CsService", serviceSchema);
    return services.map((service) => ({
      ...serviceOf(service),
      poolFqdn: service.PoolFqdn.toLowerCase(),
      activeServers: service.HasActiveServers ? fqdns(service.ActiveServers) : null,
    }));
  }

  /** FQDNs of the pool's machines, lower case and sorted. */
  async getPool(poolFqdn: string): Promise<string[]> {
    const cmdlet = "Get-CsPool";
    const pools = await this.#read(getPool(poolFqdn), cmdlet, poolSchema);
    const pool = pools.find((row) => same(row.Fqdn, poolFqdn));
    if (pool === undefined)
      throw this.#noSuchPool(
        cmdlet,
        poolFqdn,
        pools.map((row) => row.Fqdn),
      );
    return fqdns(pool.Computers);
  }

  /** Replication state of every machine of the topology. */
  async getReplicationStatus(): Promise<Replica[]> {
    const replicas = await this.#read(getReplicationStatus(), "Get-CsManagementStoreReplicationStatus", replicaSchema);
    return replicas.map((row) => ({
      replicaFqdn: row.ReplicaFqdn.toLowerCase(),
      upToDate: row.UpToDate,
      lastStatusReport: row.LastStatusReport || null,
      lastUpdateCreation: row.LastUpdateCreation || null,
    }));
  }

  /** Changes the active servers from `present` to `target`; null clears the list. See commands.ts. */
  async setActiveServers(
    identity: string | undefined,
    target: readonly string[] | null,
    present: readonly string[],
  ): Promise<void> {
    for (const command of setActiveServers(identity, target, present)) {
      await this.#change(command, "Set-CsPersistentChatActiveServer");
    }
  }

  /** Sets the pool's state. */
  async setPoolState(identity: string, state: PoolState): Promise<void> {
    await this.#change(setPoolState(identity, state), "Set-CsPersistentChatState");
  }

  /** Sends one test message through the chat. It stays in its room, as the cmdlet's messages do. */
  async testChatMessage(test: ChatMessageTest): Promise<ChatMessageOutcome> {
    const cmdlet = "Test-CsPersistentChatMessage";
    const command = testChatMessage(test);
    this.#onCommand(command);
    const [outcome] = await this.#read(command, cmdlet, testSchema);
    if (outcome === undefined) throw this.#unexpected(cmdlet, "a result", "none");
    const { Result: result, Error: error, Diagnosis: diagnosis } = outcome;
    return { succeeded: same(result, "Success"), error: printable(error, 500), diagnosis: printable(diagnosis, 500) };
  }

  /**
   * Makes the mirror of one database. It copies the whole of it, so it runs in a process of its own: other pools' cmdlets do
   * not wait for it.
   * @param timeoutSeconds how long it may take
   */
  async installMirrorDatabase(mirror: MirrorInstallation, timeoutSeconds: number): Promise<void> {
    const command = installMirrorDatabase(mirror);
    this.#onCommand(command);
    const shell = await this.#start();
    this.#apart.add(shell);
    try {
      await shell.run(command, "Install-CsMirrorDatabase", timeoutSeconds * 1000, "timeouts.mirrorSetupSeconds");
      await this.#leave(shell);
    } finally {
      this.#apart.delete(shell);
      await shell.end();
    }
  }

  /** Makes one partner the principal of the pool's chat database; returns when the product says that it is. */
  async failOverChatDatabase(poolFqdn: string, newPrincipal: PrincipalStore): Promise<void> {
    await this.#change(failOverChatDatabase(poolFqdn, newPrincipal), "Invoke-CsDatabaseFailover");
  }

  /** Asks for replication, of one replica or of all. Returns before it is done: read the status. */
  async invokeReplication(replicaFqdn?: string): Promise<void> {
    await this.#change(invokeReplication(replicaFqdn), "Invoke-CsManagementStoreReplication");
  }

  /** Ends the process and its remote session. No call is possible afterwards. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await this.#queue.catch(() => undefined);
    const shell = this.#process;
    this.#process = undefined;
    await Promise.all([...this.#apart].map((other) => other.end()));
    if (shell === undefined) return;
    try {
      await this.#leave(shell);
    } finally {
      await shell.end();
    }
  }

  /** Closes a process's remote session. The remote end gives an abandoned one up by itself: a failure is no news. */
  async #leave(shell: ShellProcess): Promise<void> {
    if (!shell.usable || this.#endpoint.connectionUri === undefined) return;
    await shell.run(CLOSE_REMOTE_SESSIONS, "Remove-PSSession", 5000).catch(() => undefined);
  }

  async #read<Row>(command: string, cmdlet: string, schema: z.ZodType<Row>): Promise<Row[]> {
    const rows = await this.#run(command, cmdlet, true);
    const parsed = z.array(schema).safeParse(rows);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw this.#unexpected(cmdlet, "objects as documented", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  }

  async #change(command: string, cmdlet: string): Promise<void> {
    this.#onCommand(command);
    await this.#run(command, cmdlet, false);
  }

  #run(command: string, cmdlet: string, mayRepeat: boolean): Promise<unknown[]> {
    const result = this.#queue.then(async () => {
      try {
        return await this.#once(command, cmdlet);
      } catch (thrown) {
        // A remote session that the server gave up breaks the first command after it; a reading may be sent again, a change not.
        if (!(mayRepeat && thrown instanceof DrError && isBrokenSession(thrown))) throw thrown;
        await this.#process?.end();
        return await this.#once(command, cmdlet);
      }
    });
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #once(command: string, cmdlet: string): Promise<unknown[]> {
    const shell = await this.#started();
    return shell.run(command, cmdlet, this.#endpoint.timeoutSeconds * 1000);
  }

  async #started(): Promise<ShellProcess> {
    if (this.#disposed) throw new DrError({ code: "CANCELLED", summary: "the shell was closed", where: this.address });
    // Every further try counts as a bad password of the account, and locks it out in the end.
    if (this.#refused !== undefined) throw this.#refused;
    if (this.#process?.usable === true) return this.#process;
    this.#process = await this.#start();
    return this.#process;
  }

  /** A new process with the cmdlets at hand. */
  async #start(): Promise<ShellProcess> {
    const { executable, connectionUri, user, password, timeoutSeconds } = this.#endpoint;
    const environment: NodeJS.ProcessEnv = { ...process.env };
    // The shell has no use for them, and whatever it starts would inherit them.
    for (const name of [
      SQL_PASSWORD_VARIABLE,
      SHELL_PASSWORD_VARIABLE,
      "PULUMI_CONFIG_PASSPHRASE",
      "PULUMI_ACCESS_TOKEN",
    ]) {
      delete environment[name];
    }
    if (connectionUri !== undefined) {
      environment[SHELL_USER_VARIABLE] = user;
      environment[SHELL_PASSWORD_VARIABLE] = password;
    }
    const shell = new ShellProcess({ executable, environment });
    const timeout = timeoutSeconds * 1000;
    if (process.platform === "win32") {
      // Windows PowerShell writes in the console's OEM code page otherwise.
      await shell.run(
        "[Console]::OutputEncoding = New-Object System.Text.UTF8Encoding($false)",
        "OutputEncoding",
        timeout,
      );
    }
    if (connectionUri !== undefined) {
      const open = openRemoteSession(connectionUri, SHELL_USER_VARIABLE, SHELL_PASSWORD_VARIABLE);
      await shell.run(open, `New-PSSession ${connectionUri}`, timeout).catch(async (thrown: unknown) => {
        await shell.end();
        const error = toDrError(thrown);
        if (!refusedAccount.test(error.errorId ?? "")) throw thrown;
        this.#refused = accountRefused(error, user ?? "the account");
        throw this.#refused;
      });
    }
    return shell;
  }

  #noSuchPool(cmdlet: string, poolFqdn: string, found: readonly string[]): DrError {
    return this.#unexpected(cmdlet, `the pool ${poolFqdn}`, found.length === 0 ? "no pool" : found.join(", "));
  }

  #unexpected(cmdlet: string, expected: string, found: string): DrError {
    return new DrError({
      code: "UNEXPECTED_ANSWER",
      summary: `${cmdlet} does not answer as expected`,
      where: this.address,
      expected,
      found,
      hint: "Compare with what the cmdlet says in the Management Shell; pool and identity come from the configuration.",
    });
  }
}

/** FullyQualifiedErrorIds of a session that Windows errors 5, 1311 and 1326 keep from being opened. */
const refusedAccount = /^(AccessDenied|AuthenticationFailed|LogonFailure),/;

function accountRefused({ summary, where, errorId }: DrError, user: string): DrError {
  return new DrError({
    code: "LOGIN_FAILED",
    summary,
    where,
    errorId,
    hint:
      `Was the password of ${user} changed? Pulumi reads with the configuration of the last run: set PULUMI_RUN_PROGRAM=true ` +
      `(npm run env does) or give the password in ${SHELL_PASSWORD_VARIABLE}.`,
  });
}

/** FullyQualifiedErrorIds of a runspace that is no longer open. */
function isBrokenSession(error: DrError): boolean {
  return /PSSessionStateBroken|PSSessionClosed|InvalidRunspaceState|RemoteSessionDisconnected|PSRemotingTransport/.test(
    error.errorId ?? "",
  );
}
