/**
 * Server configuration options: sys.configurations, sp_configure, RECONFIGURE; kept in one file of the instance's folder.
 * Source: sql-docs relational-databases/system-catalog-views/sys-configurations-transact-sql.md,
 * database-engine/configure-windows/server-configuration-options-sql-server.md.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

export interface ConfigurationOption {
  readonly id: number;
  readonly name: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly initial: number;
  readonly description: string;
  readonly isDynamic: boolean;
  readonly isAdvanced: boolean;
}

type Entry = readonly [
  id: number,
  name: string,
  minimum: number,
  maximum: number,
  initial: number,
  description: string,
  isDynamic: boolean,
  isAdvanced: boolean,
];

const ENTRIES: readonly Entry[] = [
  [101, "recovery interval (min)", 0, 32767, 0, "Maximum recovery interval in minutes", true, true],
  [102, "allow updates", 0, 1, 0, "Allow updates to system tables", true, false],
  [103, "user connections", 0, 32767, 0, "Number of user connections allowed", false, true],
  [117, "remote access", 0, 1, 1, "Allow remote access", false, false],
  [503, "max worker threads", 128, 32767, 0, "Maximum worker threads", true, true],
  [505, "network packet size (B)", 512, 32767, 4096, "Network packet size", true, true],
  [518, "show advanced options", 0, 1, 0, "show advanced options", true, false],
  [1520, "remote query timeout (s)", 0, 2147483647, 600, "remote query timeout", true, false],
  [1538, "cost threshold for parallelism", 0, 32767, 5, "cost threshold for parallelism", true, true],
  [1539, "max degree of parallelism", 0, 32767, 0, "maximum degree of parallelism", true, true],
  [1543, "min server memory (MB)", 0, 2147483647, 0, "Minimum size of server memory (MB)", true, true],
  [1544, "max server memory (MB)", 16, 2147483647, 2147483647, "Maximum size of server memory (MB)", true, true],
  [1562, "clr enabled", 0, 1, 0, "CLR user code execution enabled in the server", true, false],
  [1568, "default trace enabled", 0, 1, 1, "Enable or disable the default trace", true, true],
  [
    1576,
    "remote admin connections",
    0,
    1,
    0,
    "Dedicated Admin Connections are allowed from remote clients",
    true,
    false,
  ],
  [1579, "backup compression default", 0, 1, 0, "Enable compression of backups by default", true, false],
  [
    1581,
    "optimize for ad hoc workloads",
    0,
    1,
    0,
    "When this option is set, plan cache size is further reduced for single-use adhoc OLTP workload.",
    true,
    true,
  ],
  [16384, "Agent XPs", 0, 1, 0, "Enable or disable Agent XPs", true, true],
  [16386, "Database Mail XPs", 0, 1, 0, "Enable or disable Database Mail XPs", true, true],
  [16387, "SMO and DMO XPs", 0, 1, 1, "Enable or disable SMO and DMO XPs", true, true],
  [16388, "Ole Automation Procedures", 0, 1, 0, "Enable or disable Ole Automation Procedures", true, true],
  [16390, "xp_cmdshell", 0, 1, 0, "Enable or disable command shell", true, true],
];

/** Every option of the server, by name. */
export const configurationOptions: readonly ConfigurationOption[] = ENTRIES.map(
  ([id, name, minimum, maximum, initial, description, isDynamic, isAdvanced]) => ({
    id,
    name,
    minimum,
    maximum,
    initial,
    description,
    isDynamic,
    isAdvanced,
  }),
);

interface Stored {
  /** Values set by sp_configure, by option name. */
  configured: Record<string, number>;
  /** Values in use since the last RECONFIGURE. */
  inUse: Record<string, number>;
}

/** The configuration of one instance. */
export class ServerConfiguration {
  readonly #file: string;
  readonly #stored: Stored;

  constructor(file: string) {
    this.#file = file;
    this.#stored = existsSync(file)
      ? (JSON.parse(readFileSync(file, "utf8")) as Stored)
      : { configured: {}, inUse: {} };
  }

  /** Options whose name begins like `name`; one is meant when exactly one does (sp_configure). */
  matching(name: string): readonly ConfigurationOption[] {
    const wanted = name.trim().toLowerCase();
    const exact = configurationOptions.filter((option) => option.name.toLowerCase() === wanted);
    return exact.length > 0
      ? exact
      : configurationOptions.filter((option) => option.name.toLowerCase().startsWith(wanted));
  }

  configured(option: ConfigurationOption): number {
    return this.#stored.configured[option.name] ?? option.initial;
  }

  inUse(option: ConfigurationOption): number {
    return this.#stored.inUse[option.name] ?? option.initial;
  }

  /** Value in use of the option of exactly this name; throws Error when the lab knows no such option. */
  value(name: string): number {
    const option = configurationOptions.find((known) => known.name === name);
    if (option === undefined) throw new Error(`The lab has no configuration option named "${name}".`);
    return this.inUse(option);
  }

  configure(option: ConfigurationOption, value: number): void {
    this.#stored.configured[option.name] = value;
    this.#save();
  }

  /** RECONFIGURE: what was configured takes effect. */
  reconfigure(): void {
    this.#stored.inUse = { ...this.#stored.configured };
    this.#save();
  }

  #save(): void {
    const temporary = `${this.#file}.new`;
    writeFileSync(temporary, JSON.stringify(this.#stored));
    renameSync(temporary, this.#file);
  }
}
