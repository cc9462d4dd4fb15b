/**
 * `npm run discover`: reads pools, instances and log shipping from a living estate and writes the configuration of both stacks.
 * Changes nothing of the estate. Exit codes: 0 whole, 3 written or printed with gaps to fill, 1 failed and nothing written.
 */
import { randomBytes } from "node:crypto";
import { Command, CommanderError } from "commander";
import { addressOfStore, askedAddress } from "../estate/discover/addresses";
import { discover, type Discovery, type Reached } from "../estate/discover/discovery";
import { addressText, type AskedAddress, type InstanceReading, type PoolTopology } from "../estate/discover/evidence";
import { chatStores } from "../estate/discover/pool";
import { type Login, readInstances, readPools } from "../estate/discover/read-estate";
import { discoveryLines } from "../estate/discover/report";
import { matchStore } from "../estate/discover/stores";
import { DrError, toDrError } from "../estate/errors";
import { ManagementShell, SHELL_PASSWORD_VARIABLE } from "../estate/shell/management-shell";
import { SQL_PASSWORD_VARIABLE } from "../estate/sql/endpoint";
import { type DiscoveredFile, discoveredFiles, writeFiles } from "./discover-files";
import { projectDirectory } from "./pulumi-cli";

interface Options {
  readonly shell: string;
  readonly shellUser?: string;
  readonly sql: readonly string[];
  readonly sqlUser: string;
  readonly encrypt: boolean;
  readonly trustServerCertificate: boolean;
  readonly pool: readonly string[];
  readonly primaryServers: readonly string[];
  readonly backupServers: readonly string[];
  readonly primaryDataCentre: string;
  readonly backupDataCentre: string;
  readonly directory: string;
  readonly print: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

/** Some values are open. */
const GAPS = 3;

/** Seconds: the shell's first answer includes loading its modules. */
const SHELL_TIMEOUT = 120;
const LOGIN_LIMITS = { connectTimeoutSeconds: 15, requestTimeoutSeconds: 60 } as const;

function program(): Command {
  const list = (value: string, before: readonly string[]): string[] => [...before, ...value.split(",")];
  return new Command("discover")
    .description("Read an estate and write the configuration of the stacks primary and backup")
    .exitOverride()
    .requiredOption("--shell <shell>", "PowerShell with the Management Shell, or https://<pool>/OcsPowerShell")
    .option("--shell-user <account>", `account for an address; its password comes from ${SHELL_PASSWORD_VARIABLE}`)
    .option(
      "--sql <address>",
      String.raw`[<store>=]<host>[:<port>] or <host>\<instance>, once for each instance; the topology's own names unless given`,
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .option("--sql-user <login>", `login; its password comes from ${SQL_PASSWORD_VARIABLE}`, "pchatdr")
    .option("--no-encrypt", "connect without encryption")
    .option("--trust-server-certificate", "take any certificate", false)
    .option("--pool <fqdn>", "only this pool; may be given again", list, [])
    .option("--primary-servers <fqdns>", "active servers of the primary sites, with commas", list, [])
    .option("--backup-servers <fqdns>", "active servers of the backup sites, with commas", list, [])
    .option("--primary-data-centre <label>", "a name of your own", "primary")
    .option("--backup-data-centre <label>", "a name of your own", "backup")
    .option("--directory <folder>", "where Pulumi.yaml lies", projectDirectory)
    .option("--print", "print the files and write none", false)
    .option("--force", "replace pools, shell, sql and active in files that exist", false)
    .option("--json", "the same for programs", false);
}

function reachedBy(options: Options): Reached {
  const remote = /^https?:/i.test(options.shell);
  const user = options.shellUser === undefined ? {} : { user: options.shellUser };
  return {
    shell: remote ? { connectionUri: options.shell, ...user } : { executable: options.shell },
    sql: {
      user: options.sqlUser,
      encrypt: options.encrypt,
      trustServerCertificate: options.trustServerCertificate,
    },
  };
}

function password(name: string, whose: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== "") return value;
  throw new DrError({
    code: "CONFIGURATION_INVALID",
    summary: `no password for ${whose}`,
    expected: `the environment variable ${name}`,
    found: "none",
    hint: "It is used for this reading and written nowhere.",
  });
}

async function readEstate(options: Options, reached: Reached): Promise<[PoolTopology[], InstanceReading[]]> {
  const asked = options.sql.map(askedAddress);
  const login: Login = {
    ...reached.sql,
    password: password(SQL_PASSWORD_VARIABLE, `the login "${options.sqlUser}"`),
    ...LOGIN_LIMITS,
  };
  const { connectionUri, executable, user } = reached.shell;
  const shell = new ManagementShell({
    executable,
    connectionUri,
    user: connectionUri === undefined ? undefined : (user ?? missingUser(connectionUri)),
    password: connectionUri === undefined ? undefined : password(SHELL_PASSWORD_VARIABLE, connectionUri),
    timeoutSeconds: SHELL_TIMEOUT,
  });
  const identity = { stack: "discover", run: randomBytes(4).toString("hex") };
  try {
    const [pools, given] = await Promise.all([readPools(shell, options.pool), readInstances(asked, login, identity)]);
    assertStores(pools, asked);
    const open = pools.flatMap(chatStores).filter((store) => {
      const { reading, ambiguous } = matchStore(store, given);
      return reading === undefined && !ambiguous;
    });
    const own = await readInstances([...new Set(open)].map(addressOfStore), login, identity);
    // One that does not answer is an address that was tried, not the store's address.
    const tried = own.map((reading): InstanceReading => {
      return reading.answer.read ? reading : { address: reading.address, answer: reading.answer };
    });
    return [pools, [...given, ...tried]];
  } finally {
    await shell.dispose();
  }
}

function missingUser(uri: string): never {
  throw new DrError({
    code: "CONFIGURATION_INVALID",
    summary: "the remote Management Shell needs an account",
    where: uri,
    expected: "--shell-user",
    found: "none",
  });
}

function assertStores(pools: readonly PoolTopology[], asked: readonly AskedAddress[]): void {
  const known = pools.flatMap(chatStores);
  for (const { store, address } of asked) {
    if (store === undefined || known.includes(store.toLowerCase())) continue;
    throw new DrError({
      code: "CONFIGURATION_INVALID",
      summary: "--sql names a store that no pool has",
      where: addressText(address),
      expected: [...new Set(known)].join(", "),
      found: store,
    });
  }
}

function tell(
  options: Options,
  lines: readonly string[],
  discovery: Discovery,
  files: readonly DiscoveredFile[],
): void {
  const { configuration, gaps, notes } = discovery;
  if (options.json) {
    const written = files.map(({ path, text }) => ({ path, written: !options.print, text }));
    process.stdout.write(`${JSON.stringify({ configuration, gaps, notes, files: written }, undefined, 2)}\n`);
    return;
  }
  if (options.print) process.stdout.write(files.map(({ path, text }) => `# ${path}\n${text}`).join("---\n"));
  const out = options.print ? process.stderr : process.stdout;
  const passwords = `Passwords are in no file: ${SQL_PASSWORD_VARIABLE}, or, for each stack, pulumi config set -s primary --secret sqlPassword.`;
  const next = options.print
    ? "Nothing was written."
    : `Written below ${options.directory}: ${files.map(({ path }) => path).join(", ")}. Next: pulumi preview -s primary`;
  out.write(`${[...lines, "", next, passwords].join("\n")}\n`);
}

/** Runs a command line (without node and script); answers the exit code. */
export async function runDiscover(args: readonly string[]): Promise<number> {
  try {
    const options = program()
      .parse([...args], { from: "user" })
      .opts<Options>();
    const reached = reachedBy(options);
    const [pools, readings] = await readEstate(options, reached);
    const discovery = discover(
      pools,
      readings,
      {
        dataCentres: { primary: options.primaryDataCentre, backup: options.backupDataCentre },
        servers: { primary: options.primaryServers, backup: options.backupServers },
      },
      reached,
    );
    const files = discoveredFiles(options.directory, discovery);
    if (!options.print) writeFiles(options.directory, files, options.force);
    tell(options, discoveryLines(pools, readings, discovery), discovery, files);
    return discovery.gaps.length === 0 ? 0 : GAPS;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode;
    process.stderr.write(`error: ${toDrError(thrown).message}\n`);
    return 1;
  }
}

if (require.main === module) {
  void runDiscover(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
