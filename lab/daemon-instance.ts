/** One played SQL Server: its instance, its SQL Server Agent and its listener, on its Windows host. */
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Agent } from "./agent/agent";
import type { InstanceStatus } from "./control-commands";
import type { InstancePlan } from "./daemon-instances";
import type { LabClock } from "./daemon-clock";
import type { DatabaseFolders } from "./lync/managed-estate";
import type { PlayedHost } from "./scenarios/estate-played";
import { text } from "./scenarios/script-text";
import { runBatches } from "./scenarios/sql-console";
import type { Database } from "./server/database";
import { Instance } from "./server/instance";
import type { RequestEntry } from "./server/request-journal";
import type { Session } from "./tds/backend";
import type { Certificate } from "./tds/certificate";
import { listenSilently, type SilentPort } from "./silent-port";
import { serve, type TdsServer } from "./tds/server";
import type { WindowsFiles } from "./windows/files";

/** A login that every instance has, with one sid. */
export interface SharedLogin {
  readonly name: string;
  readonly password: string;
  /** 0x… */
  readonly sid: string;
  readonly isSysadmin: boolean;
}

export interface PlayedInstanceOptions {
  readonly plan: InstancePlan;
  readonly files: WindowsFiles;
  /** Folder of this machine that holds the host's disks, and the one for the instance's own files. */
  readonly hostDirectory: string;
  readonly instanceDirectory: string;
  readonly clock: LabClock;
  readonly certificate: Certificate;
  readonly logins: readonly SharedLogin[];
  readonly saPassword: string;
  readonly journal: (entry: RequestEntry) => void;
  /** The running instance whose mirroring endpoint has this address. */
  readonly partner: (address: string) => Instance | undefined;
  /** All instances that run, this one among them once it does. */
  readonly running: () => readonly Instance[];
}

export class PlayedInstance implements PlayedHost {
  readonly plan: InstancePlan;
  readonly #options: PlayedInstanceOptions;
  /** How fast backup files are read and written; 0: as fast as this machine does. May change while one is under way. */
  diskBytesPerSecond = 0;
  #instance: Instance | undefined;
  #agent: Agent | undefined;
  #listener: TdsServer | undefined;
  #silentPort: SilentPort | undefined;
  #mayListen = false;

  constructor(options: PlayedInstanceOptions) {
    this.#options = options;
    this.plan = options.plan;
  }

  get name(): string {
    return this.plan.instance;
  }

  get machine(): string {
    return this.plan.machine;
  }

  get defaultFolders(): DatabaseFolders {
    return { data: this.plan.dataFolder, log: this.plan.logFolder };
  }

  get site(): InstancePlan["site"] {
    return this.plan.site;
  }

  get isRunning(): boolean {
    return this.#instance !== undefined;
  }

  /** The instance while it runs. */
  get instance(): Instance | undefined {
    return this.#instance;
  }

  get isAgentRunning(): boolean {
    return this.#agent?.state === "running";
  }

  /** Whether its port takes connections and never answers. */
  get isSilent(): boolean {
    return this.#silentPort !== undefined;
  }

  /**
   * Starts the engine on what the host's disks hold; a new host gets its logins and its mirroring endpoint.
   * Throws WindowsError 1069 when the account of one of the services cannot log on; the engine runs without its Agent.
   * @param withAgent whether SQL Server Agent starts with it
   */
  async start(withAgent = true): Promise<void> {
    if (this.#instance !== undefined) return;
    const { plan, files, clock, instanceDirectory, saPassword } = this.#options;
    await this.#silentPort?.close();
    this.#silentPort = undefined;
    for (const folder of plan.folders) files.makeFolder(plan.machine, folder);
    const instance = await Instance.start({
      name: plan.instance,
      version: plan.version,
      hostName: plan.machine,
      directory: instanceDirectory,
      files,
      fullyQualifiedName: plan.fqdn,
      engineAccount: plan.engineAccount,
      agentAccount: plan.agentAccount,
      saPassword,
      systemFolder: systemFolder(plan.instance),
      defaultDataPath: plan.dataFolder,
      defaultLogPath: plan.logFolder,
      utcTime: clock.utcTime,
      partner: this.#options.partner,
      onRequest: this.#options.journal,
      transferred: (bytes) => this.#transferred(bytes),
    });
    this.#instance = instance;
    this.#agent = new Agent({ instance, clock: clock.agent });
    const agent = withAgent ? this.#agent.start() : Promise.resolve();
    // The engine runs whether or not the Agent's account can log on.
    await agent.catch(() => undefined);
    if (instance.endpointAddress === undefined) await this.#setUp();
    for (const one of this.#options.running()) one.core.reconnectPartners();
    if (this.#mayListen) await this.listen();
    await agent;
  }

  /** Opens the port to clients; from now on every start does. */
  async listen(): Promise<void> {
    this.#mayListen = true;
    if (this.#instance === undefined || this.#listener !== undefined) return;
    const { plan, certificate } = this.#options;
    this.#listener = await serve(this.#instance, { port: plan.port, certificate });
  }

  /** The machine goes down: connections drop, jobs end, databases are closed as they are. */
  async stop(silent = false): Promise<void> {
    const [instance, agent, listener] = [this.#instance, this.#agent, this.#listener];
    this.#instance = this.#agent = this.#listener = undefined;
    await listener?.close();
    await agent?.stop();
    await instance?.stop();
    if (!silent) {
      await this.#silentPort?.close();
      this.#silentPort = undefined;
    } else if (this.#mayListen) this.#silentPort ??= await listenSilently(this.plan.port);
  }

  wipe(): void {
    if (this.isRunning) throw new Error(`${this.name} runs: its disks cannot be taken away.`);
    const { hostDirectory, instanceDirectory } = this.#options;
    for (const folder of [hostDirectory, instanceDirectory]) rmSync(folder, { recursive: true, force: true });
  }

  async #transferred(bytes: number): Promise<void> {
    if (this.diskBytesPerSecond > 0) await delay((bytes / this.diskBytesPerSecond) * 1000);
  }

  async startAgent(): Promise<void> {
    await this.#agent?.start();
  }

  async stopAgent(): Promise<void> {
    await this.#agent?.stop();
  }

  open(database = "master", program = "Lab scenario"): Promise<Session> {
    if (this.#instance === undefined) throw new Error(`${this.name} is stopped.`);
    return Promise.resolve(this.#instance.openInternalSession("sa", program, database));
  }

  database(name: string): Database | undefined {
    return this.#instance?.core.database(name);
  }

  status(): InstanceStatus {
    const databases = this.#instance?.core.databases ?? [];
    return {
      name: this.name,
      running: this.isRunning,
      agent: this.isAgentRunning,
      connections: this.#listener?.connections ?? 0,
      databases: databases
        .filter(({ id }) => id > 4)
        .map((database) => ({
          name: database.name,
          state: database.state,
          mirroring: database.mirroringSession?.state ?? null,
          readOnly: database.options.isReadOnly,
        })),
    };
  }

  /** What setup of the estate leaves: logins with one sid everywhere, and the mirroring endpoint. */
  async #setUp(): Promise<void> {
    const logins = this.#options.logins.map(
      ({
        name,
        password,
        sid,
        isSysadmin,
      }) => `CREATE LOGIN ${name} WITH PASSWORD = ${text(password)}, SID = ${sid}, CHECK_POLICY = OFF;
${isSysadmin ? `EXEC master.dbo.sp_addsrvrolemember ${text(name)}, N'sysadmin';` : ""}`,
    );
    await runBatches(
      this.name,
      () => this.open(),
      logins.join("\n"),
      `CREATE ENDPOINT Mirroring STATE = STARTED AS TCP (LISTENER_PORT = ${String(this.plan.mirroringPort)})
FOR DATABASE_MIRRORING (ROLE = PARTNER);`,
    );
  }
}

/** Folder of the system databases: a named instance has one of its own, as set-up makes it. */
function systemFolder(instance: string): string {
  const name = instance.split("\\")[1];
  return name === undefined ? "C:\\MSSQL\\DATA" : `C:\\MSSQL.${name}\\DATA`;
}
