/** What one PowerShell process has: its host, variables, functions, cmdlets, the Windows files and the identity it runs as. */
import type { ScriptBlockNode } from "./ast";
import type { CmdletDefinition } from "./cmdlet";
import { toText } from "./conversions";
import type { ErrorRecord } from "./error-record";
import { Hashtable, CustomObject, NativeObject, type Value } from "./values";
import type { FileSystem } from "./file-system";

/** The console: standard output, standard error and, where there is one, standard input. */
export interface ConsoleHost {
  write(text: string): void;
  writeError(text: string): void;
  /** The next line of standard input; undefined = it has ended. Absent: -NonInteractive. */
  readLine?(): Promise<string | undefined>;
}

/** Whom the process runs as, and where. */
export interface Identity {
  /** `DOMAIN\account`. */
  readonly account: string;
  /** Windows host name without domain. */
  readonly computer: string;
}

export interface SessionOptions {
  readonly console: ConsoleHost;
  readonly identity: Identity;
  /** Environment of the process, read by $env:NAME. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly cmdlets: CmdletRegistry;
  /** Absent: there are no drives. */
  readonly files?: FileSystem;
  /** "\r\n" on Windows; default "\n". */
  readonly newLine?: string;
  readonly processId?: number;
}

/** The cmdlets by name; names compare without case. */
export class CmdletRegistry {
  readonly #cmdlets = new Map<string, CmdletDefinition>();

  constructor(cmdlets: Iterable<CmdletDefinition> = []) {
    for (const cmdlet of cmdlets) this.add(cmdlet);
  }

  add(cmdlet: CmdletDefinition): void {
    this.#cmdlets.set(cmdlet.metadata.name.toLowerCase(), cmdlet);
  }

  remove(name: string): void {
    this.#cmdlets.delete(name.toLowerCase());
  }

  find(name: string): CmdletDefinition | undefined {
    return this.#cmdlets.get(name.toLowerCase());
  }

  all(): CmdletDefinition[] {
    return [...this.#cmdlets.values()];
  }
}

/** A level of variables and functions. Reading looks outwards, assigning stays here (about_Scopes). */
export class Scope {
  readonly variables = new Map<string, Value>();
  readonly functions = new Map<string, FunctionValue>();

  constructor(readonly parent?: Scope) {}

  find(name: string): Scope | undefined {
    if (this.variables.has(name)) return this;
    return this.parent?.find(name);
  }

  findFunction(name: string): FunctionValue | undefined {
    return this.functions.get(name) ?? this.parent?.findFunction(name);
  }
}

export interface FunctionValue {
  readonly name: string;
  readonly block: ScriptBlockNode;
}

/** { … } as a value. */
export class ScriptBlock extends NativeObject {
  readonly typeNames = ["System.Management.Automation.ScriptBlock"];

  constructor(readonly node: ScriptBlockNode) {
    super();
  }

  override text(): string {
    const { source, start, end } = this.node.extent;
    return source.slice(start, end).replace(/^\{|\}$/g, "");
  }
}

const CONSTANTS: Record<string, Value> = { true: true, false: false, null: null };

/** State of a PowerShell process between its statements. */
export class Session {
  readonly console: ConsoleHost;
  readonly identity: Identity;
  readonly cmdlets: CmdletRegistry;
  readonly files: FileSystem | undefined;
  readonly newLine: string;
  readonly global = new Scope();
  readonly environment = new Map<string, { name: string; value: string }>();
  /** $Error, newest first. */
  readonly errors: ErrorRecord[] = [];
  /** Texts that became SecureStrings: nothing that leaves the process for a journal may hold them. */
  readonly secrets = new Set<string>();
  /** $?: whether the last statement went without an error. */
  succeeded = true;
  /** How many errors there were: a statement that adds none has succeeded. */
  failures = 0;
  /** The line or script that runs now. */
  line = "";

  constructor(options: SessionOptions) {
    this.console = options.console;
    this.identity = options.identity;
    this.cmdlets = options.cmdlets;
    this.files = options.files;
    this.newLine = options.newLine ?? "\n";
    for (const [name, value] of Object.entries(options.variables))
      if (value !== undefined) this.environment.set(name.toLowerCase(), { name, value });
    const variables: readonly (readonly [string, Value])[] = [
      ["erroractionpreference", "Continue"],
      ["warningpreference", "Continue"],
      ["verbosepreference", "SilentlyContinue"],
      ["progresspreference", "Continue"],
      ["confirmpreference", "High"],
      ["whatifpreference", false],
      ["lastexitcode", null],
      ["ofs", undefined],
      ["pid", options.processId ?? 0],
      ["psversiontable", versionTable()],
    ];
    for (const [name, value] of variables) this.global.variables.set(name, value);
  }

  /** Value of `$name`, with scope or drive before a colon. */
  read(name: string, scope: Scope): Value {
    const lower = name.toLowerCase();
    const [prefix, rest] = lower.includes(":") ? (lower.split(":", 2) as [string, string]) : ["", lower];
    if (prefix === "env") return this.environment.get(rest)?.value ?? null;
    if (rest in CONSTANTS) return CONSTANTS[rest];
    if (rest === "?") return this.succeeded;
    if (rest === "error") return [...this.errors];
    const from = prefix === "global" || prefix === "script" ? this.global : scope;
    return from.find(rest === "psitem" ? "_" : rest)?.variables.get(rest === "psitem" ? "_" : rest) ?? null;
  }

  /** Assigns `$name`. False: it is a constant (VariableNotWritable). */
  assign(name: string, value: Value, scope: Scope): boolean {
    const lower = name.toLowerCase();
    const [prefix, rest] = lower.includes(":") ? (lower.split(":", 2) as [string, string]) : ["", lower];
    if (prefix === "env") {
      if (value === null || value === undefined || value === "") this.environment.delete(rest);
      else this.environment.set(rest, { name: rest, value: toText(value) });
      return true;
    }
    if (rest === "null") return true;
    if (rest in CONSTANTS || rest === "?" || rest === "error") return false;
    const into = prefix === "global" || prefix === "script" ? this.global : scope;
    into.variables.set(rest, value ?? null);
    return true;
  }

  /** Takes note of an error for $Error and $?. */
  remember(record: ErrorRecord): void {
    this.errors.unshift(record);
    this.errors.splice(256);
    this.succeeded = false;
    this.failures += 1;
  }

  /** Text with every secret of this session replaced, in clear and in both base64 forms. */
  mask(text: string): string {
    let masked = text;
    for (const secret of this.secrets) {
      const forms = [
        secret,
        Buffer.from(secret, "utf8").toString("base64"),
        Buffer.from(secret, "utf16le").toString("base64"),
      ];
      for (const form of forms) if (form.length > 0) masked = masked.replaceAll(form, "********");
    }
    return masked;
  }
}

/** Windows PowerShell 5.1, which the management shell of Lync Server 2013 and Skype for Business 2015 runs in. */
function versionTable(): Hashtable {
  const version = (major: number, minor: number, build: number, revision: number): CustomObject => {
    return new CustomObject(
      [
        ["Major", major],
        ["Minor", minor],
        ["Build", build],
        ["Revision", revision],
      ],
      ["System.Version"],
      [major, minor, build, revision].join("."),
    );
  };
  return new Hashtable([
    ["PSVersion", version(5, 1, 14409, 1018)],
    ["PSEdition", "Desktop"],
    ["BuildVersion", version(10, 0, 14409, 1018)],
    ["CLRVersion", version(4, 0, 30319, 42000)],
    ["WSManStackVersion", version(3, 0, 0, 0)],
    ["PSRemotingProtocolVersion", version(2, 3, 0, 0)],
    ["SerializationVersion", version(1, 1, 0, 1)],
  ]);
}
