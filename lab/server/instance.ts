/** One SQL Server instance that speaks T-SQL: the core with logins, sessions, system views, procedures and msdb. */
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Backend, ClientConnection, LoginRequest } from "../tds/backend";
import { fromEpoch } from "../tsql/calendar";
import type { ObjectName, ScalarFunction } from "../tsql/host";
import type { CalendarTime } from "../tsql/values";
import type { WindowsFiles } from "../windows/files";
import { ApplicationLocks } from "./application-locks";
import type { RequestProgress } from "./backup/request";
import type { ServiceState } from "./catalog/server";
import { CheckConditions } from "./check-conditions";
import { DefaultValues } from "./default-values";
import { ErrorLog } from "./error-log";
import { bind, type FunctionDefinition } from "./functions/definition";
import { InstanceCore } from "./instance-core";
import { openDatabase } from "./database-access";
import { login, openSession } from "./login";
import { MirroringEndpoints } from "./mirroring-endpoints";
import { setupMsdb } from "./msdb/setup";
import { noteSuspectPage } from "./msdb/suspect-pages";
import { SystemTables } from "./msdb/system-tables";
import { administrationProcedures } from "./procedures/administration-procedures";
import { applicationLockProcedures } from "./procedures/application-lock-procedures";
import { extendedProcedures } from "./procedures/extended-procedures";
import { ProcedureRegistry, type ServerProcedure } from "./procedures/server-procedure";
import { type Edition, type ProductVersion, releaseOf } from "./product";
import type { RequestEntry } from "./request-journal";
import { ServerConfiguration } from "./server-configuration";
import { ServerPrincipals } from "./server-principals";
import type { ServerSession } from "./server-session";
import type { SessionHost } from "./session-host";
import { SessionRegistry } from "./session-registry";
import { MODEL_OPTIONS } from "./storage/definitions";
import type { InstanceEnvironment } from "./storage/environment";

/** A login that exists from the first start on, a member of sysadmin. */
export interface Administrator {
  readonly name: string;
  /** Absent: a Windows account. */
  readonly password?: string;
}

/** What an instance is started with. Only name and files are required. */
export interface InstanceOptions {
  /** @@SERVERNAME */
  readonly name: string;
  /** Folder for logins, configuration, endpoints and error log; default where the host's disk has `systemFolder`. */
  readonly directory?: string;
  readonly files: WindowsFiles;
  /** Windows host as WindowsFiles names it; default the name. */
  readonly hostName?: string;
  /** Fully qualified name of the host, for the address of the mirroring endpoint; default the host name. */
  readonly fullyQualifiedName?: string;
  /** Default 11.0.7001; 10.50.6000 and 12.0.6024 are known too. */
  readonly version?: ProductVersion;
  /** Default Developer. */
  readonly edition?: Edition;
  /** Logins with a name and password are refused (18456): Windows Authentication mode. */
  readonly windowsAuthenticationOnly?: boolean;
  /** Started with -m: one connection of an administrator, others get 18461. */
  readonly singleUser?: boolean;
  /** Accounts of the two services; default NT Service accounts. */
  readonly engineAccount?: string;
  readonly agentAccount?: string;
  /** Without a backslash at the end; defaults D:\SQLData, E:\SQLLog, C:\MSSQL\DATA. */
  readonly defaultDataPath?: string;
  readonly defaultLogPath?: string;
  readonly systemFolder?: string;
  /** Enables sa with this password, at the first start. */
  readonly saPassword?: string;
  readonly administrators?: readonly Administrator[];
  /** Milliseconds since 1970 UTC; default Date.now. */
  readonly utcTime?: () => number;
  /** Minutes that the server's clock is before UTC, a function where summer time begins or ends; default the machine's zone. */
  readonly utcOffsetMinutes?: number | (() => number);
  /** Finds the instance whose host and mirroring port an address `TCP://host:port` names. */
  readonly partner?: (address: string) => Instance | undefined;
  /** Told every batch and remote procedure call when it has ended. */
  readonly onRequest?: (entry: RequestEntry) => void;
  /** SHUTDOWN: whoever started the instance stops it. Absent: it stops itself. */
  readonly onShutdown?: () => void;
  /** Awaited after every buffer of BACKUP and RESTORE. */
  readonly transferred?: (bytes: number) => Promise<void>;
}

const SYSTEM_FOLDER = "C:\\MSSQL\\DATA";

const DEFAULT_VERSION: ProductVersion = { major: 11, minor: 0, build: 7001 };

/** A user-defined function that the lab writes in TypeScript; its name has database and schema: "mgc.dbo.fnTicksToDate". */
export interface NamedFunction extends FunctionDefinition {
  readonly name: string;
}

export class Instance implements Backend {
  readonly name: string;
  readonly hostName: string;
  readonly version: ProductVersion;
  readonly edition: Edition;
  readonly windowsAuthenticationOnly: boolean;
  readonly singleUser: boolean;
  readonly collation = MODEL_OPTIONS.collation;
  readonly agentAccount: string;
  readonly defaultDataPath: string;
  readonly defaultLogPath: string;
  readonly directory: string;
  readonly files: WindowsFiles;

  readonly principals: ServerPrincipals;
  readonly configuration: ServerConfiguration;
  readonly endpoints: MirroringEndpoints;
  readonly errorLog: ErrorLog;
  readonly sessions = new SessionRegistry();
  readonly applicationLocks = new ApplicationLocks();
  readonly procedures = new ProcedureRegistry();
  readonly core: InstanceCore;
  readonly msdb: SystemTables;

  /** State of SQL Server Agent as sys.dm_server_services shows it; SQL Server Agent's room sets it. */
  agentState: () => ServiceState = () => "stopped";
  /** @@CONNECTIONS */
  connectionCount = 0;

  readonly #options: InstanceOptions;
  readonly #engineAccount: string;
  readonly #functions = new Map<string, NamedFunction>();
  #serverHost: SessionHost | undefined;

  private constructor(options: InstanceOptions) {
    this.#options = options;
    this.name = options.name;
    this.#engineAccount = options.engineAccount ?? "NT Service\\MSSQLSERVER";
    this.version = options.version ?? DEFAULT_VERSION;
    this.edition = options.edition ?? "Developer";
    this.windowsAuthenticationOnly = options.windowsAuthenticationOnly === true;
    this.singleUser = options.singleUser === true;
    // A version that the lab does not know is refused at once.
    releaseOf(this.version);
    this.hostName = options.hostName ?? options.name;
    this.agentAccount = options.agentAccount ?? "NT Service\\SQLSERVERAGENT";
    this.defaultDataPath = options.defaultDataPath ?? "D:\\SQLData";
    this.defaultLogPath = options.defaultLogPath ?? "E:\\SQLLog";
    this.files = options.files;
    const systemFolder = options.systemFolder ?? SYSTEM_FOLDER;
    this.files.makeFolder(this.hostName, systemFolder);
    this.directory =
      options.directory ?? this.files.locate(this.hostName, this.#engineAccount, systemFolder, "list").file;
    mkdirSync(this.directory, { recursive: true });
    const now = (): Date => new Date(this.utcTime());
    this.principals = new ServerPrincipals(join(this.directory, "principals.json"), this.version.major, now);
    this.configuration = new ServerConfiguration(join(this.directory, "configuration.json"));
    this.endpoints = new MirroringEndpoints(join(this.directory, "endpoints.json"));
    this.errorLog = new ErrorLog(join(this.directory, "errorlog.jsonl"), now);
    for (const folder of [this.defaultDataPath, this.defaultLogPath]) this.files.makeFolder(this.hostName, folder);
    const host = (): SessionHost => (this.#serverHost ??= this.#newServerHost());
    this.core = InstanceCore.start(this.#environment(new DefaultValues(host), new CheckConditions(host)));
    this.msdb = new SystemTables(this.core.require("msdb"));
    this.procedures.register([...applicationLockProcedures, ...administrationProcedures, ...extendedProcedures]);
  }

  /**
   * Starts an instance on its folders; the first time it sets master and msdb up. Databases recover as they were left.
   * Throws WindowsError 1069 when its account cannot log on.
   */
  static async start(options: InstanceOptions): Promise<Instance> {
    if (options.engineAccount !== undefined) options.files.logOnService(options.engineAccount);
    const instance = new Instance(options);
    const msdb = instance.core.require("msdb");
    if (msdb.hasStore && msdb.tables().length === 0) {
      instance.#createAdministrators();
      // Last, and in one transaction: a setup that was cut off is done again.
      await setupMsdb(msdb, instance.version.major);
    }
    instance.errorLog.write(
      17126,
      10,
      "SQL Server is now ready for client connections. This is an informational message; no user action is required.",
    );
    return instance;
  }

  /** Stops it: sessions are ended, open transactions undone, files closed. The same options start it again. */
  async stop(): Promise<void> {
    this.errorLog.write(
      17148,
      10,
      "SQL Server is terminating in response to a 'stop' request from Service Control Manager. This is an informational message only. No user action is required.",
    );
    await Promise.all(this.sessions.all().map((session) => session.kill()));
    this.core.stop();
  }

  /** SHUTDOWN. */
  shutdown(): void {
    if (this.#options.onShutdown === undefined) void this.stop();
    else this.#options.onShutdown();
  }

  login(request: LoginRequest, connection: ClientConnection): Promise<ServerSession> {
    // Thrown errors of `login` become a rejection.
    return new Promise((resolve) => {
      resolve(login(this, request, connection));
    });
  }

  /**
   * A session without a connection, for SQL Server Agent's steps and other programs of the server's host. Close it.
   * @param loginName an existing login of any type, such as the job's owner
   * @param database its current database, default master; throws what USE would
   */
  openInternalSession(loginName: string, programName: string, database?: string): ServerSession {
    const principal = this.principals.find(loginName);
    if (principal === undefined) throw new Error(`Instance ${this.name}: there is no login "${loginName}".`);
    const session = openSession(this, principal, {
      hostName: this.hostName,
      programName,
      clientProcessId: process.pid,
    });
    try {
      if (database !== undefined) session.enterAtLogin(openDatabase(session, database));
      return session;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /** Adds stored procedures, found by database, schema and name; sp_ and xp_ of master from everywhere. */
  registerProcedures(list: readonly ServerProcedure[]): void {
    this.procedures.register(list);
  }

  registerFunctions(list: readonly NamedFunction[]): void {
    for (const one of list) this.#functions.set(one.name.toLowerCase(), one);
  }

  /** A user-defined function of the current or the named database. */
  userFunction(name: ObjectName, session: ServerSession): ScalarFunction | undefined {
    const database = name.database === undefined || name.database === "" ? session.database.name : name.database;
    const found = this.#functions.get(`${database}.${name.schema ?? "dbo"}.${name.name}`.toLowerCase());
    return found === undefined ? undefined : bind(found, session);
  }

  utcTime(): number {
    return this.#options.utcTime?.() ?? Date.now();
  }

  /** Milliseconds since 1970 of the server's local clock. */
  localTime(): number {
    const { utcOffsetMinutes = -new Date().getTimezoneOffset() } = this.#options;
    const zone = typeof utcOffsetMinutes === "number" ? utcOffsetMinutes : utcOffsetMinutes();
    return this.utcTime() + zone * 60_000;
  }

  localCalendarNow(): CalendarTime {
    return fromEpoch(this.localTime());
  }

  /** An ISO time (UTC) as the server's local clock shows it. */
  localCalendar(iso: string): CalendarTime {
    return fromEpoch(Date.parse(iso) + this.localTime() - this.utcTime());
  }

  /** What a session's BACKUP or RESTORE has done so far. */
  progressOf(sessionId: number): RequestProgress | undefined {
    return this.core.requests.find((request) => request.sessionId === sessionId);
  }

  /** A volume's guid: the same in every run. */
  volumeGuid(drive: string): string {
    const hex = createHash("sha1").update(`${this.hostName}|${drive}`.toLowerCase()).digest("hex");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
  }

  /** `TCP://host:port` of the started mirroring endpoint; undefined when there is none. */
  get endpointAddress(): string | undefined {
    const endpoint = this.endpoints.started();
    if (endpoint === undefined) return undefined;
    return `TCP://${this.#options.fullyQualifiedName ?? this.hostName}:${String(endpoint.port)}`;
  }

  journal(entry: RequestEntry): void {
    this.#options.onRequest?.(entry);
  }

  #environment(defaults: DefaultValues, checks: CheckConditions): InstanceEnvironment {
    const options = this.#options;
    const endpointAddress = (): string | undefined => this.endpointAddress;
    const endpoints = this.endpoints;
    return {
      files: options.files,
      host: this.hostName,
      engineAccount: this.#engineAccount,
      serverName: this.name,
      version: this.version,
      edition: this.edition,
      systemFolder: options.systemFolder ?? SYSTEM_FOLDER,
      defaultDataPath: this.defaultDataPath,
      defaultLogPath: this.defaultLogPath,
      localTime: () => this.localTime(),
      ...(options.transferred === undefined ? {} : { transferred: options.transferred }),
      evaluateDefault: (_database, text, type) => defaults.evaluate(text, type),
      checkTest: (text, columns) => checks.test(text, columns),
      sessionsIn: (database) => this.sessions.in(database).map((session) => session.id),
      endSessions: async (database, except) => {
        const others = this.sessions.in(database).filter((session) => session.id !== except);
        await Promise.all(others.map((session) => session.kill()));
      },
      suspectPage: (database, page) => noteSuspectPage(this.msdb, database, page),
      errorLog: (number, text) => {
        // 3041, 5120 and 9002 tell of failures; what else the core writes is information.
        this.errorLog.write(number, [3041, 5120, 9002].includes(number) ? 16 : 10, text);
      },
      partner: (address) => {
        const partner = options.partner?.(address);
        // An endpoint that is stopped, or listens elsewhere, does not answer (1418).
        return partner?.endpointAddress?.toLowerCase() === address.toLowerCase() ? partner.core : undefined;
      },
      get endpointAddress() {
        return endpointAddress();
      },
      get endpointRole() {
        return endpoints.started()?.role;
      },
    };
  }

  #createAdministrators(): void {
    const { saPassword, administrators = [] } = this.#options;
    const sa = this.principals.find("sa");
    if (saPassword !== undefined && sa !== undefined) {
      this.principals.setPassword(sa, saPassword);
      this.principals.alter(sa, (login) => {
        login.disabled = false;
      });
    }
    // Setup makes the two services' accounts members of sysadmin.
    const services = [this.core.environment.engineAccount, this.agentAccount].map((name) => ({ name }));
    for (const { name, password } of [...services, ...administrators] as readonly Administrator[]) {
      const kind = password === undefined ? ({ type: "U" } as const) : ({ type: "S", password } as const);
      const created = this.principals.find(name) ?? this.principals.create({ name, ...kind });
      this.principals.alter(created, (login) => {
        login.roles = ["sysadmin"];
      });
    }
  }

  /** A host for what the server evaluates itself; its session is not listed. */
  #newServerHost(): SessionHost {
    const sa = this.principals.all()[0];
    if (sa === undefined) throw new Error(`Instance ${this.name} has no logins.`);
    const session = openSession(this, sa, { hostName: this.hostName, programName: "", clientProcessId: process.pid });
    this.sessions.remove(session);
    return session.host;
  }
}
