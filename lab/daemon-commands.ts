/** The commands of the control port, executed on a running daemon. */
import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";
import {
  LabError,
  type Fault,
  type LabCommand,
  type LabCommands,
  type LabRequest,
  type LabStatus,
} from "./control-commands";
import type { Daemon } from "./daemon";
import { applyScenario, movedPools } from "./daemon-estate";
import type { PlayedInstance } from "./daemon-instance";
import { requireAccount, requireVolume } from "./fault-targets";
import type { PlayedPool } from "./scenarios/estate-played";
import { comeBack, outage, rebuild } from "./scenarios/site";
import type { Database } from "./server/database";
import { WindowsError } from "./windows/files";

type Handlers = {
  readonly [Command in LabCommand]: (
    daemon: Daemon,
    args: LabCommands[Command]["arguments"],
  ) => Promise<LabCommands[Command]["result"]> | LabCommands[Command]["result"];
};

const HANDLERS: Handlers = {
  status,
  flush: (daemon) => {
    daemon.journal.flush();
    return { entries: daemon.journal.count };
  },
  fault: async (daemon, fault) => ({ done: await applyFault(daemon, fault) }),
  scenario: async (daemon, { name, keepLogs }) => {
    await daemon.exclusively(`scenario ${name}`, () => applyScenario(name, daemon.estate, keepLogs));
    daemon.setScenario(name);
    return { scenario: name };
  },
  outage: async (daemon, move) => {
    const pools = movedPools(daemon.estate, move);
    const before = running(daemon);
    await daemon.exclusively("an outage", () => outage(daemon.estate, pools, move));
    daemon.setScenario("outage");
    return { scenario: "outage", stopped: before.filter((name) => !running(daemon).includes(name)) };
  },
  return: async (daemon, move) => {
    const pools = movedPools(daemon.estate, move);
    const before = running(daemon);
    await daemon.exclusively("the primary site's return", () =>
      started("the primary site", () => comeBack(daemon.estate, pools)),
    );
    daemon.setScenario("returned");
    return { scenario: "returned", started: running(daemon).filter((name) => !before.includes(name)) };
  },
  rebuild: async (daemon, move) => {
    const pools = movedPools(daemon.estate, move);
    const isNormal = (pool: PlayedPool): boolean => daemon.store.settings(pool.topology)?.poolState === "Normal";
    let rebuilt: readonly string[] = [];
    await daemon.exclusively("a rebuild", async () => {
      rebuilt = await rebuild(daemon.estate, pools, isNormal, move);
    });
    daemon.setScenario("rebuilt");
    return { scenario: "rebuilt", rebuilt };
  },
  "chat-start": (daemon, { rate }) => daemon.chat.start(rate),
  "chat-stop": (daemon) => daemon.chat.stop(),
  "chat-send": (daemon, message) => daemon.chat.send(message),
  "chat-status": (daemon) => daemon.chat.status(),
  "chat-report": (daemon) => daemon.chat.report(),
  stop: (daemon) => {
    // After the answer has been written.
    setImmediate(() => daemon.onStopRequest());
    return { pid: process.pid };
  },
};

/** Commands that leave what is remembered as it is; `stop` stops the chat, which runs again when the estate does. */
const READING: ReadonlySet<LabCommand> = new Set([
  "status",
  "flush",
  "chat-send",
  "chat-status",
  "chat-report",
  "stop",
]);

/** Executes one command. Throws LabError for what a person may get wrong. */
export async function executeCommand(daemon: Daemon, request: LabRequest): Promise<unknown> {
  const handler = (HANDLERS as Partial<typeof HANDLERS>)[request.command] as
    ((daemon: Daemon, args: LabRequest["arguments"]) => unknown) | undefined;
  if (handler === undefined)
    throw new LabError(
      `The lab knows no command "${request.command}".`,
      "The lab that runs is of another version: down, then up.",
    );
  try {
    return await handler(daemon, request.arguments);
  } finally {
    // What was half done is so in the estate too.
    if (!READING.has(request.command)) daemon.remember();
  }
}

function running({ instances }: Daemon): string[] {
  return [...instances.values()].filter(({ isRunning }) => isRunning).map(({ name }) => name);
}

function status(daemon: Daemon): LabStatus {
  const { store } = daemon;
  return {
    lab: daemon.description,
    instances: [...daemon.instances.values()].map((instance) => instance.status()),
    pools: store.topology.pools.map((pool) => {
      const settings = store.settings(pool);
      return {
        fqdn: pool.fqdn,
        poolState: settings?.poolState ?? pool.poolState,
        activeServers: settings?.activeServers ?? [],
      };
    }),
    chat: daemon.chat.status(),
    journalEntries: daemon.journal.count,
  };
}

/** Makes something go wrong, or mends it; answers what was done, in words. */
async function applyFault(daemon: Daemon, fault: Fault): Promise<string> {
  switch (fault.action) {
    case "instance-stop":
      await instanceOf(daemon, fault.instance).stop();
      return `${fault.instance} is stopped.`;
    case "instance-start":
      await started(fault.instance, () => instanceOf(daemon, fault.instance).start());
      return `${fault.instance} is started.`;
    case "agent-stop":
      await instanceOf(daemon, fault.instance).stopAgent();
      return `SQL Server Agent of ${fault.instance} is stopped.`;
    case "agent-start":
      await started(fault.instance, () => instanceOf(daemon, fault.instance).startAgent());
      return `SQL Server Agent of ${fault.instance} is started.`;
    case "deny":
      requireAccount(daemon, fault.account);
      requireVolume(daemon, fault);
      daemon.files.deny({ host: fault.host, account: fault.account, path: fault.path, access: fault.access });
      return `${fault.account} may not ${fault.access} ${fault.path} any more.`;
    case "allow": {
      const { host, account, path, access } = fault;
      const lifted = daemon.files.allow({ host, account, path, access });
      if (lifted > 0) return `${account} may ${access} ${path} again.`;
      throw new LabError(
        `Nothing was denied to ${account} on ${path} (${access}, host ${host}).`,
        `Denied now: ${daemon.files.denials.map((one) => `${one.host} ${one.account} ${one.access} ${one.path}`).join("; ") || "nothing"}`,
      );
    }
    case "lock-out":
      requireAccount(daemon, fault.account);
      daemon.files.lockOut(fault.account);
      return `${fault.account} cannot log on any more; what it runs goes on.`;
    case "unlock":
      if (daemon.files.unlock(fault.account)) return `${fault.account} can log on again.`;
      throw new LabError(`${fault.account} is not locked out.`, "Lock it with: fault lock-out --account <name>");
    case "share-off":
      daemon.estate.shareOff(shareOf(daemon, fault.share));
      return `${fault.share} does not answer any more.`;
    case "share-on":
      daemon.estate.shareOn(shareOf(daemon, fault.share));
      return `${fault.share} answers again.`;
    case "password":
      if (daemon.store.setPassword(fault.account, fault.password)) return `${fault.account} has another password.`;
      throw new LabError(
        `${fault.account} opens no remote shells.`,
        `Accounts: ${daemon.store.topology.administrators.map(({ userName }) => userName).join(", ")}`,
      );
    case "machine-off":
      await daemon.estate.machinesOff([machineOf(daemon, fault.machine)]);
      return `${fault.machine} is without power.`;
    case "machine-on":
      daemon.estate.machinesOn([machineOf(daemon, fault.machine)], "old");
      return `${fault.machine} is up again.`;
    case "replication-delay":
      daemon.store.replication.setDelay(fault.milliseconds);
      return `A change takes ${String(fault.milliseconds)} ms to each replica.`;
    case "disk-speed":
      instanceOf(daemon, fault.instance).diskBytesPerSecond = fault.bytesPerSecond;
      return fault.bytesPerSecond === 0
        ? `The disks of ${fault.instance} are as fast as this machine's.`
        : `The disks of ${fault.instance} do ${String(fault.bytesPerSecond)} bytes a second.`;
    case "damage-page":
      return damagePage(instanceOf(daemon, fault.instance), fault);
    case "suspect":
      return suspect(instanceOf(daemon, fault.instance), fault.database);
    case "damage":
      return damage(daemon, fault);
  }
}

/** Starts a service; that its account cannot log on is told as the service control manager tells it. */
async function started(instance: string, start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof WindowsError)) throw error;
    throw new LabError(
      `A service of ${instance} could not be started: ${error.text}`,
      "Let its account log on: fault unlock --account <name>",
    );
  }
}

function instanceOf(daemon: Daemon, name: string): PlayedInstance {
  const found = [...daemon.instances.values()].find((instance) => instance.name.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new LabError(`There is no instance ${name}.`, `Instances: ${[...daemon.instances.keys()].join(", ")}`);
}

function databaseOf(instance: PlayedInstance, name: string): Database {
  const database = instance.database(name);
  if (database !== undefined) return database;
  throw new LabError(`${instance.name} has no database ${name}, or is stopped.`, "See: npm run lab -- status");
}

async function suspect(instance: PlayedInstance, name: string): Promise<string> {
  const database = databaseOf(instance, name);
  await database.markSuspect();
  return `${database.name} on ${instance.name} is SUSPECT.`;
}

/** A page of a database's file is not what was written there. */
function damagePage(instance: PlayedInstance, fault: Extract<Fault, { action: "damage-page" }>): string {
  const database = databaseOf(instance, fault.database);
  const page = fault.page ?? Math.floor(database.usedPages / 2);
  try {
    database.damagePage(page);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new LabError(error.message, "Give another --page.");
  }
  return `Page ${String(page)} of ${database.name} on ${instance.name} does not match its checksum any more.`;
}

/** A chat server's machine as the topology spells it. Throws LabError. */
function machineOf({ store }: Daemon, name: string): string {
  const machines = store.topology.pools.flatMap((pool) => pool.machines.map(({ fqdn }) => fqdn));
  const found = machines.find((fqdn) => fqdn.toLowerCase() === name.toLowerCase());
  if (found !== undefined) return found;
  throw new LabError(`There is no chat server ${name}.`, `Chat servers: ${machines.join(", ")}`);
}

/** A backup share as the topology spells it. Throws LabError. */
function shareOf({ store }: Daemon, path: string): string {
  const shares = store.topology.pools.map(({ share }) => share);
  const found = shares.find((share) => share.toLowerCase() === path.toLowerCase());
  if (found !== undefined) return found;
  throw new LabError(`There is no share ${path}.`, `Shares: ${shares.join(", ")}`);
}

/** Flips every bit of one byte: a disk or a network that lies. */
function damage(daemon: Daemon, { file, host, offset }: Extract<Fault, { action: "damage" }>): string {
  const path =
    file.startsWith("\\\\") || host !== undefined || /^[A-Za-z]:/.test(file) ? locate(daemon, host, file) : file;
  const handle = openSync(path, "r+");
  try {
    const position = offset ?? Math.floor(statSync(path).size / 2);
    const byte = Buffer.alloc(1);
    if (readSync(handle, byte, 0, 1, position) !== 1)
      throw new LabError(`${file} has no byte ${String(position)}.`, "Give a smaller --offset.");
    writeSync(handle, Buffer.from([(byte[0] as number) ^ 0xff]), 0, 1, position);
    return `Byte ${String(position)} of ${file} is flipped.`;
  } finally {
    closeSync(handle);
  }
}

function locate(daemon: Daemon, host: string | undefined, file: string): string {
  const drive = /^[A-Za-z]:/.test(file);
  if (drive && host === undefined) throw new LabError(`${file} lies on a host's disk.`, "Say which: --host SQL-P1");
  try {
    return daemon.files.locate(host ?? "*", "", file, "list").file;
  } catch (error) {
    if (!(error instanceof WindowsError)) throw error;
    throw new LabError(`${file}: ${error.message}`, "Give a path of the share or of a host's disk.");
  }
}
