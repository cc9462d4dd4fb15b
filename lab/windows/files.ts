/**
 * The disks and shares of the lab's Windows hosts: folders below the lab's directory, with rights per account.
 * Paths are Windows paths (drive letter or UNC) and are taken apart here, never by node:path.
 */
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export type Access = "read" | "write" | "delete" | "list";

/** A failure of the operating system, with Windows' number and text as SQL Server repeats it in 3201 and 5123. */
export class WindowsError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
    this.name = "WindowsError";
  }

  /** As SQL Server writes it: `5(Access is denied.)`. */
  get text(): string {
    return `${String(this.code)}(${this.message})`;
  }
}

/** System error codes of Windows that the lab uses ("System Error Codes (0-499)", "(1000-1299)", "(1300-1699)"). */
export const windowsErrors = {
  fileNotFound: () => new WindowsError(2, "The system cannot find the file specified."),
  pathNotFound: () => new WindowsError(3, "The system cannot find the path specified."),
  accessDenied: () => new WindowsError(5, "Access is denied."),
  sharingViolation: () =>
    new WindowsError(32, "The process cannot access the file because it is being used by another process."),
  endOfFile: () => new WindowsError(38, "Reached the end of the file."),
  networkPathNotFound: () => new WindowsError(53, "The network path was not found."),
  networkNameNotFound: () => new WindowsError(67, "The network name cannot be found."),
  diskFull: () => new WindowsError(112, "There is not enough space on the disk."),
  invalidName: () => new WindowsError(123, "The filename, directory name, or volume label syntax is incorrect."),
  serviceLogonFailed: () => new WindowsError(1069, "The service did not start due to a logon failure."),
} as const;

/** A right taken away: `account` may not do `access` at or below `path` as seen from `host` ("*" = every host, for UNC paths). */
export interface Denial {
  readonly host: string;
  readonly account: string;
  readonly path: string;
  readonly access: Access;
}

/** Where a path is on the machine that plays the lab. */
export interface Located {
  /** Path for node:fs. */
  readonly file: string;
  /** Present when something is there. */
  readonly kind: "file" | "directory" | "absent";
}

/** Folders of a backup share: for the full backup of a failback, for the initialization of a secondary, and for mirrors. */
const SHARE_FOLDERS = ["failback", "seed", "mirror"] as const;

const UNC = /^\\\\([^\\/:*?"<>|]+)\\([^\\/:*?"<>|]+)((?:\\[^\\/:*?"<>|]+)*)\\?$/;
const DRIVE = /^([A-Za-z]):((?:\\[^\\/:*?"<>|]+)*)\\?$/;

/** The disks of every host and the shares of the estate. Host, share and account names compare without case. */
export class WindowsFiles {
  readonly #directory: string;
  readonly #shares: ReadonlySet<string>;
  readonly #sharesOff = new Set<string>();
  readonly #denials: Denial[] = [];
  /** Free bytes that a volume ("host|D:" or "\\\\server\\share") says it has; absent = what the machine has. */
  readonly freeBytes = new Map<string, number>();
  /** Accounts, in lower case, that cannot log on: locked out, or with a password that the service does not know. */
  readonly #lockedOut = new Set<string>();

  /**
   * @param directory the lab's directory; hosts lie in `hosts/<host>/<drive>`, shares in `shares/<server>/<share>`
   * @param shares UNC names of the shares, `\\server\share`
   */
  constructor(directory: string, shares: readonly string[]) {
    this.#directory = directory;
    this.#shares = new Set(shares.map((share) => share.toLowerCase()));
    for (const share of shares) mkdirSync(this.shareDirectory(share), { recursive: true });
  }

  /** The share with the folders that an administrator makes for full backups; what is there stays. */
  makeShare(share: string): void {
    for (const folder of SHARE_FOLDERS) mkdirSync(join(this.shareDirectory(share), folder), { recursive: true });
  }

  /** Whether the share's server answers. */
  isShareOff(share: string): boolean {
    return this.#sharesOff.has(share.toLowerCase());
  }

  /** The share's server goes down (53 for every path of it), or comes back with what it had. */
  turnShare(share: string, state: "on" | "off"): void {
    if (state === "off") this.#sharesOff.add(share.toLowerCase());
    else this.#sharesOff.delete(share.toLowerCase());
  }

  get denials(): readonly Denial[] {
    return this.#denials;
  }

  deny(denial: Denial): void {
    this.#denials.push(denial);
  }

  /** Gives back what was denied; answers how many denials were lifted. */
  allow(match: Partial<Denial>): number {
    const before = this.#denials.length;
    const same = (denial: Denial): boolean =>
      (Object.keys(match) as (keyof Denial)[]).every((key) => denial[key].toLowerCase() === match[key]?.toLowerCase());
    this.#denials.splice(0, before, ...this.#denials.filter((denial) => !same(denial)));
    return before - this.#denials.length;
  }

  /** Accounts that cannot log on, in lower case. */
  get lockedOut(): readonly string[] {
    return [...this.#lockedOut];
  }

  /** From now on no service of the account can be started; those that run go on. */
  lockOut(account: string): void {
    this.#lockedOut.add(account.toLowerCase());
  }

  /** Lets the account log on again; answers whether it could not. */
  unlock(account: string): boolean {
    return this.#lockedOut.delete(account.toLowerCase());
  }

  /** The service control manager logs the account of a service on. Throws WindowsError 1069 when it cannot. */
  logOnService(account: string): void {
    if (this.#lockedOut.has(account.toLowerCase())) throw windowsErrors.serviceLogonFailed();
  }

  /** The folder that plays `\\server\share`. */
  shareDirectory(share: string): string {
    const parts = UNC.exec(share);
    if (parts === null) throw windowsErrors.invalidName();
    return join(this.#directory, "shares", (parts[1] as string).toLowerCase(), (parts[2] as string).toLowerCase());
  }

  /**
   * Finds a path as `account` on `host` sees it. Throws WindowsError: 53 unknown server, 67 unknown share, 3 folder of
   * the path absent, 2 file absent (unless `write`), 5 right missing, 123 not a path.
   */
  locate(host: string, account: string, path: string, access: Access): Located {
    const file = this.#translate(host, path);
    if (this.#denied(host, account, path, access)) throw windowsErrors.accessDenied();
    const parent = join(file, "..");
    if (!existsSync(file)) {
      if (!existsSync(parent)) throw windowsErrors.pathNotFound();
      if (access !== "write") throw windowsErrors.fileNotFound();
      return { file, kind: "absent" };
    }
    return { file, kind: statSync(file).isDirectory() ? "directory" : "file" };
  }

  /** Drives that a host has: `C:`, `D:`. */
  drives(host: string): string[] {
    const directory = join(this.#directory, "hosts", host.toLowerCase());
    return existsSync(directory) ? readdirSync(directory).map((letter) => `${letter}:`) : [];
  }

  /** Makes a folder with its parents, as an installation would: no rights asked. */
  makeFolder(host: string, path: string): void {
    mkdirSync(this.#translate(host, path), { recursive: true });
  }

  #denied(host: string, account: string, path: string, access: Access): boolean {
    const at = path.toLowerCase().replace(/\\+$/, "");
    return this.#denials.some((denial) => {
      const below = denial.path.toLowerCase().replace(/\\+$/, "");
      return (
        (denial.host === "*" || denial.host.toLowerCase() === host.toLowerCase()) &&
        denial.account.toLowerCase() === account.toLowerCase() &&
        denial.access === access &&
        (at === below || at.startsWith(`${below}\\`))
      );
    });
  }

  #translate(host: string, path: string): string {
    const drive = DRIVE.exec(path);
    if (drive !== null)
      return join(this.#directory, "hosts", host.toLowerCase(), drive[1]!.toUpperCase(), ...this.#names(drive[2]!));
    const unc = UNC.exec(path);
    if (unc === null) throw windowsErrors.invalidName();
    const share = `\\\\${unc[1]!}\\${unc[2]!}`.toLowerCase();
    if (!this.#shares.has(share)) {
      const known = [...this.#shares].some((other) => other.startsWith(`\\\\${unc[1]!.toLowerCase()}\\`));
      throw known ? windowsErrors.networkNameNotFound() : windowsErrors.networkPathNotFound();
    }
    if (this.#sharesOff.has(share)) throw windowsErrors.networkPathNotFound();
    return join(this.shareDirectory(share), ...this.#names(unc[3]!));
  }

  /** Names of a path, refused where they would leave the folder. NTFS compares without case: stored in lower case. */
  #names(rest: string): string[] {
    const names = rest.split("\\").filter((name) => name !== "");
    if (names.some((name) => name === "." || name === "..")) throw windowsErrors.invalidName();
    return names.map((name) => name.toLowerCase());
  }
}
