/** The lab in one process: Windows hosts, instances with their Agents, management store, shells, chat servers, journal. */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keyOf, ChatService } from "./chat/chat-service";
import { type LabDescription, LabError, type ScenarioName } from "./control-commands";
import { ControlPort } from "./control-port";
import { labClock } from "./daemon-clock";
import { executeCommand } from "./daemon-commands";
import { buildScenario, hostDirectory, playedEstate } from "./daemon-estate";
import { PlayedInstance, type SharedLogin } from "./daemon-instance";
import { backupShare, planInstances } from "./daemon-instances";
import {
  ADMINISTRATORS,
  CHAT_LOGIN,
  type DaemonOptions,
  labFiles,
  PRODUCT_LOGIN,
  randomPassword,
  randomSid,
} from "./daemon-options";
import { JournalFile } from "./journal-file";
import { ManagementStore } from "./lync/management-store";
import { estateTopology, poolIdentity, type PoolTopology } from "./lync/topology";
import { CONTENT_DATABASE, type PlayedEstate } from "./scenarios/estate-played";
import { runBatches } from "./scenarios/sql-console";
import { ShellEndpoint } from "./shell/endpoint";
import { writeExecutable } from "./shell/executable";
import { removeState, writeState } from "./state-file";
import { type Certificate, loadOrCreateCertificate } from "./tds/certificate";
import { WindowsFiles } from "./windows/files";

const LOOPBACK = "127.0.0.1";
/** Folders of the share for full backups: of a failback, and for the initialization of a secondary. */
const SHARE_FOLDERS = ["failback", "seed"] as const;

/** A running lab. */
export class Daemon {
  /** Told when a client asks the lab to stop. */
  onStopRequest: () => void = () => undefined;
  readonly instances: ReadonlyMap<string, PlayedInstance>;
  readonly files: WindowsFiles;
  readonly store: ManagementStore;
  readonly journal: JournalFile;
  readonly chat: ChatService;
  readonly estate: PlayedEstate;
  readonly #options: DaemonOptions;
  readonly #control: ControlPort;
  readonly #shells: ShellEndpoint;
  readonly #executable: string;
  #scenario: ScenarioName;
  #busyWith: string | undefined;

  private constructor(
    options: DaemonOptions,
    control: ControlPort,
    certificate: Certificate,
    say: (line: string) => void,
  ) {
    this.#options = options;
    this.#control = control;
    this.#scenario = options.scenario;
    const { directory, portBase } = options;
    const paths = labFiles(directory);
    const topology = estateTopology({
      pools: options.pools,
      poolState: options.scenario === "steady" ? "Normal" : "FailedOver",
      administrators: ADMINISTRATORS,
    });
    const token = randomBytes(32).toString("base64url");
    writeFileSync(paths.token, token, { mode: 0o600 });
    this.journal = new JournalFile(paths.journal);
    this.files = new WindowsFiles(directory, topology.pools.map(backupShare));
    for (const pool of topology.pools.map(backupShare))
      for (const folder of SHARE_FOLDERS) this.files.makeFolder("", `${pool}\\${folder}`);
    this.store = new ManagementStore(paths.store, topology);
    this.#shells = new ShellEndpoint(this.store, { journal: (entry) => this.journal.append(entry) });
    const chatLogin: SharedLogin = {
      name: CHAT_LOGIN,
      password: randomPassword(),
      sid: randomSid(),
      isSysadmin: false,
    };
    const productLogin = { name: PRODUCT_LOGIN, password: options.password, sid: randomSid(), isSysadmin: true };
    const clock = labClock(options.clockFactor);
    this.instances = new Map(
      planInstances(topology.pools, portBase).map((plan) => [
        plan.name,
        new PlayedInstance({
          plan,
          files: this.files,
          hostDirectory: hostDirectory(paths.hosts, plan.name),
          instanceDirectory: join(paths.instances, plan.name.toLowerCase()),
          clock,
          certificate,
          logins: [productLogin, chatLogin],
          saPassword: randomPassword(),
          journal: (entry) => this.journal.append(entry),
          partner: (address) =>
            [...this.instances.values()].find(
              ({ mirroringAddress }) => mirroringAddress.toLowerCase() === address.toLowerCase(),
            )?.instance,
          running: () => [...this.instances.values()].flatMap(({ instance }) => instance ?? []),
        }),
      ]),
    );
    this.estate = playedEstate({
      options,
      topology: topology.pools,
      instances: this.instances,
      files: this.files,
      shells: this.#shells,
      say,
    });
    this.chat = new ChatService({
      store: this.store,
      login: { user: chatLogin.name, password: chatLogin.password },
      ledger: paths.ledger,
      address: (instance) => {
        const played = this.instances.get(instance);
        return played === undefined ? undefined : { instance, host: LOOPBACK, port: played.plan.port };
      },
      contents: (instance, since) => this.#contents(instance, since),
    });
    this.#executable = writeExecutable(directory, {
      node: process.execPath,
      main: join(__dirname, "shell", "main.ts"),
      control: { host: LOOPBACK, port: portBase, tokenFile: paths.token },
    });
    control.open({ token, shells: this.#shells, execute: (request) => executeCommand(this, request) });
  }

  /**
   * Starts a lab on an empty directory; what an earlier one left there is removed first.
   * @param say told what is being done
   * Throws LabError when a port is taken.
   */
  static async start(options: DaemonOptions, say: (line: string) => void): Promise<Daemon> {
    // Holding the port is the lock: from here on the directory is this process's.
    const control = await ControlPort.listen(options.portBase).catch((error: unknown) => {
      throw portError(error, options.portBase);
    });
    let daemon: Daemon | undefined;
    try {
      const paths = labFiles(options.directory);
      const { log, ...others } = paths;
      for (const path of Object.values(others)) rmSync(path, { recursive: true, force: true });
      removeState(options.directory);
      mkdirSync(paths.hosts, { recursive: true });
      say(`log in ${log}`);
      const names = estateTopology({ pools: options.pools, poolState: "Normal", administrators: [] }).pools;
      const hosts = planInstances(names, options.portBase).map(({ fqdn }) => fqdn);
      daemon = new Daemon(options, control, await loadOrCreateCertificate(paths.certificate, hosts), say);
      await daemon.#build();
      return daemon;
    } catch (error) {
      await (daemon === undefined ? control.close() : daemon.stop());
      throw error;
    }
  }

  /** What `up --json` prints. */
  get description(): LabDescription {
    const { directory, portBase, password, pools } = this.#options;
    const paths = labFiles(directory);
    const described = this.estate.pools.slice(0, pools).map(({ topology, share, shareDirectory }) => ({
      identity: poolIdentity(topology.fqdn),
      fqdn: topology.fqdn,
      machines: { primary: machinesOf(topology, "primary"), backup: machinesOf(topology, "backup") },
      share: { unc: share, directory: shareDirectory },
    }));
    const first = described[0];
    if (first === undefined) throw new Error("The lab's topology has no pool.");
    return {
      instances: [...this.instances.values()].map(({ plan: { name, site, role, port, pool } }) => ({
        name,
        site,
        role,
        host: LOOPBACK,
        port,
        user: PRODUCT_LOGIN,
        password,
        pool,
      })),
      pool: first,
      pools: described,
      shell: { executable: this.#executable },
      share: first.share,
      journal: paths.journal,
      directory,
      pid: process.pid,
      scenario: this.#scenario,
      control: { host: LOOPBACK, port: portBase, tokenFile: paths.token },
    };
  }

  setScenario(name: ScenarioName): void {
    this.#scenario = name;
    writeState(this.description);
  }

  /** Runs something that changes the whole estate. Throws LabError while another such thing runs. */
  async exclusively(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#busyWith !== undefined)
      throw new LabError(`The lab is busy with ${this.#busyWith}.`, "Wait for it to end; see daemon.log.");
    this.#busyWith = what;
    try {
      await work();
    } finally {
      this.#busyWith = undefined;
    }
  }

  /** Stops everything, the chat first; leaves the files, but no lab.json and no token. */
  async stop(): Promise<void> {
    await this.chat.stop();
    for (const instance of this.instances.values()) await instance.stop();
    this.store.close();
    await this.#control.close();
    this.journal.close();
    const { directory } = this.#options;
    rmSync(labFiles(directory).token, { force: true });
    removeState(directory);
  }

  async #build(): Promise<void> {
    const { scenario, chat, chatRate } = this.#options;
    await Promise.all([...this.instances.values()].map((instance) => instance.start()));
    await this.exclusively(`scenario ${scenario}`, () => buildScenario(scenario, this.estate));
    // Nobody sees an estate that is half built.
    for (const instance of this.instances.values())
      await instance.listen().catch((error: unknown) => {
        throw portError(error, instance.plan.port);
      });
    if (chat) await this.chat.start(chatRate);
    writeState(this.description);
  }

  async #contents(name: string, since: bigint): Promise<ReadonlySet<string>> {
    const instance = this.instances.get(name);
    if (instance === undefined) throw new Error(`The lab plays no instance ${name}.`);
    const results = await runBatches(
      name,
      () => instance.open(CONTENT_DATABASE),
      `SELECT channelId, chatId, content FROM dbo.tblChat WHERE chatDate >= ${String(since)};`,
    );
    const rows = results[0]?.rows ?? [];
    return new Set(
      rows.map(([room, chatId, content]) => {
        const id = typeof content === "string" ? /\[([0-9a-f-]{36})\]$/.exec(content)?.[1] : undefined;
        return keyOf(Number(room), Number(chatId), id ?? "");
      }),
    );
  }
}

function portError(error: unknown, port: number): unknown {
  if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) return error;
  return new LabError(
    `Port ${String(port)} on ${LOOPBACK} is taken by another program.`,
    "Choose other ports with --port-base, or end that program.",
  );
}

/** FQDNs of a pool's machines in one data centre. */
function machinesOf(topology: PoolTopology, site: "primary" | "backup"): readonly string[] {
  return topology.machines.filter((machine) => machine.site === site).map((machine) => machine.fqdn);
}
