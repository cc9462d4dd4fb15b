/** The lab in one process: Windows hosts, instances with their Agents, management store, shells, chat servers, journal. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keyOf, ChatService } from "./chat/chat-service";
import { type LabDescription, LabError, type LabState } from "./control-commands";
import { ControlPort } from "./control-port";
import { labClock } from "./daemon-clock";
import { executeCommand } from "./daemon-commands";
import { buildScenario, hostDirectory, managedEstate, playedEstate } from "./daemon-estate";
import { PlayedInstance } from "./daemon-instance";
import { describePool } from "./daemon-description";
import { planInstances } from "./daemon-instances";
import { playedTopology } from "./daemon-topology";
import { CHAT_LOGIN, type DaemonOptions, labFiles, PRODUCT_LOGIN, randomPassword, randomSid } from "./daemon-options";
import { type EstateRecord, readEstate, writeEstate } from "./estate-file";
import { JournalFile } from "./journal-file";
import { ManagementStore } from "./lync/management-store";
import { netBiosName } from "./lync/topology";
import type { PlayedEstate } from "./scenarios/estate-played";
import { runBatches } from "./scenarios/sql-console";
import { ShellEndpoint } from "./shell/endpoint";
import { writeExecutable } from "./shell/executable";
import { removeState, writeState } from "./state-file";
import { type Certificate, loadOrCreateCertificate } from "./tds/certificate";
import { WindowsError, WindowsFiles } from "./windows/files";

const LOOPBACK = "127.0.0.1";

/** What lasts from one run of an estate to the next, without what can be asked from its parts. */
type Kept = Pick<EstateRecord, "pools" | "topology" | "databaseBytes" | "logins" | "saPassword" | "clock">;

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
  readonly #kept: Kept;
  readonly #control: ControlPort;
  readonly #shells: ShellEndpoint;
  readonly #executable: string;
  #scenario: LabState;
  #isBuilt: boolean;
  #busyWith: string | undefined;

  private constructor(
    options: DaemonOptions,
    before: EstateRecord | undefined,
    control: ControlPort,
    certificate: Certificate,
    say: (line: string) => void,
  ) {
    this.#options = options;
    this.#control = control;
    this.#scenario = before?.scenario ?? options.scenario;
    this.#isBuilt = before !== undefined;
    const { directory, portBase } = options;
    const paths = labFiles(directory);
    const clock = labClock(options.clockFactor, before?.clock);
    const kept: Kept = { ...(before ?? newEstate(options)), clock: clock.record };
    this.#kept = kept;
    const topology = playedTopology(kept, options.scenario);
    const token = randomBytes(32).toString("base64url");
    writeFileSync(paths.token, token, { mode: 0o600 });
    this.journal = new JournalFile(paths.journal, before !== undefined);
    const shares = topology.pools.map(({ share }) => share);
    this.files = new WindowsFiles(directory, shares);
    for (const share of shares) this.files.makeShare(share);
    this.store = new ManagementStore(paths.store, topology);
    this.#shells = new ShellEndpoint(this.store, {
      journal: (entry) => this.journal.append(entry),
      computer: topology.managementHost,
    });
    this.instances = new Map(
      planInstances(topology, portBase).map((plan) => [
        plan.instance,
        new PlayedInstance({
          plan,
          files: this.files,
          hostDirectory: hostDirectory(paths.hosts, plan.machine),
          instanceDirectory: join(paths.instances, plan.instance.toLowerCase().replace("\\", "$")),
          clock,
          certificate,
          logins: kept.logins,
          saPassword: kept.saPassword,
          journal: (entry) => this.journal.append(entry),
          partner: (address) =>
            [...this.instances.values()].find(
              ({ instance }) => instance?.endpointAddress?.toLowerCase() === address.toLowerCase(),
            )?.instance,
          running: () => [...this.instances.values()].flatMap(({ instance }) => instance ?? []),
        }),
      ]),
    );
    const chatLogin = kept.logins.find(({ name }) => name === CHAT_LOGIN);
    this.chat = new ChatService({
      store: this.store,
      login: { user: CHAT_LOGIN, password: chatLogin?.password ?? "" },
      ledger: paths.ledger,
      address: (instance) => {
        const played = this.instances.get(instance);
        return played === undefined ? undefined : { instance, host: LOOPBACK, port: played.plan.port };
      },
      contents: (instance, database, since) => this.#contents(instance, database, since),
    });
    this.estate = playedEstate({
      databaseBytes: kept.databaseBytes,
      topology: topology.pools,
      instances: this.instances,
      files: this.files,
      store: this.store,
      shells: this.#shells,
      chat: this.chat,
      say,
    });
    this.store.estate = managedEstate({
      instances: this.instances,
      files: this.files,
      chat: this.chat,
      changed: () => this.remember(),
    });
    if (before !== undefined) this.#recall(before);
    this.#executable = writeExecutable(directory, {
      node: process.execPath,
      main: join(__dirname, "shell", "main.ts"),
      control: { host: LOOPBACK, port: portBase, tokenFile: paths.token },
      identity: { account: `${netBiosName(topology.domain)}\\administrator`, computer: topology.managementHost },
    });
    control.open({ token, shells: this.#shells, execute: (request) => executeCommand(this, request) });
  }

  /**
   * Starts a lab: a new one on an empty directory, from which what an earlier one left is removed first, or with
   * `options.resume` the estate that lies there, as it was.
   * @param say told what is being done
   * Throws LabError when a port is taken, or when there is nothing to resume.
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
      const before = options.resume === true ? readEstate(options.directory) : undefined;
      if (options.resume === true && before === undefined)
        throw new LabError(`There is no estate to resume in ${options.directory}.`, "Start a new one: up --fresh");
      if (before === undefined && existsSync(paths.estate)) say(`a new estate; the one in ${options.directory} goes`);
      if (before === undefined)
        for (const path of Object.values(others)) rmSync(path, { recursive: true, force: true });
      removeState(options.directory);
      mkdirSync(paths.hosts, { recursive: true });
      say(`log in ${log}`);
      const hosts = playedTopology(before ?? options, options.scenario).servers.map(({ fqdn }) => fqdn);
      const certificate = await loadOrCreateCertificate(paths.certificate, hosts);
      daemon = new Daemon(options, before, control, certificate, say);
      await (before === undefined ? daemon.#build() : daemon.#resume(before, say));
      await daemon.#open(before === undefined ? 0 : before.chatRate, before?.silent);
      return daemon;
    } catch (error) {
      await (daemon === undefined ? control.close() : daemon.stop());
      throw error;
    }
  }

  /** What `up --json` prints. */
  get description(): LabDescription {
    const { directory, portBase } = this.#options;
    const paths = labFiles(directory);
    const password = this.#kept.logins.find(({ name }) => name === PRODUCT_LOGIN)?.password ?? "";
    const described = this.estate.pools.map(describePool);
    const first = described[0];
    if (first === undefined) throw new Error("The lab's topology has no pool.");
    return {
      instances: [...this.instances.values()].map(({ plan }) => ({
        name: plan.instance,
        site: plan.site,
        role: plan.role,
        dataCentre: plan.dataCentre,
        host: LOOPBACK,
        port: plan.port,
        user: PRODUCT_LOGIN,
        password,
        pool: plan.pools[0] ?? "",
        pools: plan.pools,
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

  setScenario(name: LabState): void {
    this.#scenario = name;
    writeState(this.description);
  }

  /** Writes down what the estate needs to be resumed. Nothing is written before it is built. */
  remember(): void {
    if (!this.#isBuilt) return;
    const instances = [...this.instances.values()];
    const named = (holds: (instance: PlayedInstance) => boolean): string[] =>
      instances.filter(holds).map(({ name }) => name);
    writeEstate(this.#options.directory, {
      ...this.#kept,
      scenario: this.#scenario,
      stopped: named(({ isRunning }) => !isRunning),
      silent: named(({ isSilent }) => isSilent),
      withoutAgent: named(({ isRunning, isAgentRunning }) => isRunning && !isAgentRunning),
      diskBytesPerSecond: Object.fromEntries(
        instances.map(({ name, diskBytesPerSecond }) => [name, diskBytesPerSecond] as const),
      ),
      machinesOff: this.chat.machinesOff,
      stoppedServices: this.chat.stoppedServices,
      sharesOff: this.store.topology.pools.map(({ share }) => share).filter((share) => this.files.isShareOff(share)),
      denials: this.files.denials,
      lockedOut: this.files.lockedOut,
      replicationDelayMs: this.store.replication.delayMs,
      chatRate: this.chat.rate,
    });
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
    const { scenario } = this.#options;
    await Promise.all([...this.instances.values()].map((instance) => instance.start()));
    await this.exclusively(`scenario ${scenario}`, () => buildScenario(scenario, this.estate));
    this.#isBuilt = true;
  }

  /** What was off, denied or slow is so again before anything runs. */
  #recall(before: EstateRecord): void {
    for (const denial of before.denials) this.files.deny(denial);
    for (const account of before.lockedOut) this.files.lockOut(account);
    for (const share of before.sharesOff) this.estate.shareOff(share);
    for (const [name, speed] of Object.entries(before.diskBytesPerSecond)) {
      const instance = this.instances.get(name);
      if (instance !== undefined) instance.diskBytesPerSecond = speed;
    }
    this.store.replication.setDelay(before.replicationDelayMs);
  }

  async #resume(
    { stopped, withoutAgent, machinesOff, stoppedServices }: EstateRecord,
    say: (line: string) => void,
  ): Promise<void> {
    say(`resuming the estate in ${this.#options.directory}`);
    await this.estate.machinesOff(machinesOff);
    for (const service of stoppedServices) {
      const [machine, key] = service.split(" ") as [string, string];
      await this.chat.setService(machine, key, false);
    }
    const instances = [...this.instances.values()].filter(({ name }) => !stopped.includes(name));
    const start = async (instance: PlayedInstance): Promise<void> => {
      try {
        await instance.start(!withoutAgent.includes(instance.name));
      } catch (error) {
        // A service whose account was locked out while it ran does not start any more.
        if (!(error instanceof WindowsError)) throw error;
        say(`a service of ${instance.name} could not be started: ${error.text}`);
      }
    };
    await Promise.all(instances.map(start));
  }

  /** Nobody sees an estate that is half built. @param before rate of the chat that ran before; null: it was stopped */
  async #open(before: number | null, silent: readonly string[] = []): Promise<void> {
    for (const instance of this.instances.values()) {
      try {
        await instance.listen();
        if (silent.includes(instance.name)) await instance.stop(true);
      } catch (error) {
        throw portError(error, instance.plan.port);
      }
    }
    // A real estate has its chat servers running; what is optional is that somebody writes.
    const { chat, chatRate } = this.#options;
    const rate = chat ? chatRate : before;
    if (rate !== null) await this.chat.start(rate);
    this.remember();
    writeState(this.description);
  }

  async #contents(name: string, database: string, since: bigint): Promise<ReadonlySet<string>> {
    const instance = this.instances.get(name);
    if (instance === undefined) throw new Error(`The lab plays no instance ${name}.`);
    const results = await runBatches(
      name,
      () => instance.open(database),
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

/** What a new estate is made of. */
function newEstate({ pools, topology, databaseBytes, password }: DaemonOptions): Omit<Kept, "clock"> {
  return {
    pools: topology?.pools.length ?? pools,
    ...(topology === undefined ? {} : { topology }),
    databaseBytes,
    logins: [
      { name: PRODUCT_LOGIN, password, sid: randomSid(), isSysadmin: true },
      { name: CHAT_LOGIN, password: randomPassword(), sid: randomSid(), isSysadmin: false },
    ],
    saPassword: randomPassword(),
  };
}
