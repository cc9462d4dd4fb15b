/** One played SQL Server: its instance, its SQL Server Agent and its listener, on its Windows host. */
import { rmSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Agent } from "./agent/agent";
import type { InstanceStatus } from "./control-commands";
import { type InstancePlan, MIRRORING_PORT, mirroringAddress } from "./daemon-instances";
import type { LabClock } from "./daemon-clock";
import { COPY_FOLDER, type PlayedHost } from "./scenarios/estate-played";
import { text } from "./scenarios/script-text";
import { runBatches } from "./scenarios/sql-console";
import type { Database } from "./server/database";
import { Instance } from "./server/instance";
import type { RequestEntry } from "./server/request-journal";
import type { Session } from "./tds/backend";
import type { Certificate } from "./tds/certificate";
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
  #mayListen = false;

  constructor(options: PlayedInstanceOptions) {
    this.#options = options;
    this.plan = options.plan;
  }

  get name(): string {
    return this.plan.name;
  }

  get site(): InstancePlan["site"] {
    return this.plan.site;
  }

  get mirroringAddress(): string {
    return mirroringAddress(this.plan.fqdn);
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

  /** Starts engine and Agent on what the host's disks hold; a new host gets its logins and its mirroring endpoint. */
  async start(): Promise<void> {
    if (this.#instance !== undefined) return;
    const { plan, files, clock, instanceDirectory, saPassword } = this.#options;
    files.makeFolder(plan.name, COPY_FOLDER);
    const instance = await Instance.start({
      name: plan.name,
      directory: instanceDirectory,
      files,
      fullyQualifiedName: plan.fqdn,
      engineAccount: plan.engineAccount,
      agentAccount: plan.agentAccount,
      saPassword,
      utcTime: clock.utcTime,
      partner: this.#options.partner,
      onRequest: this.#options.journal,
      transferred: (bytes) => this.#transferred(bytes),
    });
    this.#instance = instance;
    this.#agent = new Agent({ instance, clock: clock.agent });
    await this.#agent.start();
    if (instance.endpointAddress === undefined) await this.#setUp();
    for (const one of this.#options.running()) one.core.reconnectPartners();
    if (this.#mayListen) await this.listen();
  }

  /** Opens the port to clients; from now on every start does. */
  async listen(): Promise<void> {
    this.#mayListen = true;
    if (this.#instance === undefined || this.#listener !== undefined) return;
    const { plan, certificate } = this.#options;
    this.#listener = await serve(this.#instance, { port: plan.port, certificate });
  }

  /** The machine goes down: connections drop, jobs end, databases are closed as they are. */
  async stop(): Promise<void> {
    const [instance, agent, listener] = [this.#instance, this.#agent, this.#listener];
    this.#instance = this.#agent = this.#listener = undefined;
    await listener?.close();
    await agent?.stop();
    await instance?.stop();
  }

  async rebuild(): Promise<void> {
    await this.stop();
    const { hostDirectory, instanceDirectory } = this.#options;
    for (const folder of [hostDirectory, instanceDirectory]) rmSync(folder, { recursive: true, force: true });
    await this.start();
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

  open(database = "master"): Promise<Session> {
    if (this.#instance === undefined) throw new Error(`${this.name} is stopped.`);
    return Promise.resolve(this.#instance.openInternalSession("sa", "Lab scenario", database));
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
      `CREATE ENDPOINT Mirroring STATE = STARTED AS TCP (LISTENER_PORT = ${String(MIRRORING_PORT)})
FOR DATABASE_MIRRORING (ROLE = PARTNER);`,
    );
  }
}
