/**
 * Logins and server roles of one instance, with what was granted to them; kept in one file of the instance's folder.
 * Source: sql-docs relational-databases/system-catalog-views/sys-server-principals-transact-sql.md, sys-sql-logins-…,
 * t-sql/statements/{create-login,alter-login,grant-server-permissions}-transact-sql.md.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fixedServerRoles, includingPermissions, type ServerPermission } from "./server-permissions";

/** S SQL login, U Windows login, G Windows group, R server role, C login mapped to a certificate. */
export type PrincipalType = "S" | "U" | "G" | "R" | "C";

export interface ServerPrincipal {
  readonly id: number;
  name: string;
  /** Hexadecimal, upper case, without 0x. */
  readonly sid: string;
  readonly type: PrincipalType;
  disabled: boolean;
  defaultDatabase: string;
  defaultLanguage: string;
  policyChecked: boolean;
  expirationChecked: boolean;
  /** 0x0200, 4 bytes of salt, SHA-512 (0x0100 and SHA-1 before SQL Server 2012), hexadecimal; SQL logins only. */
  passwordHash: string | undefined;
  /** ISO times. */
  readonly created: string;
  modified: string;
  passwordSet: string;
  /** Names of the server roles it is a member of, public aside. */
  roles: string[];
  /** Granted (G), granted with grant option (W) or denied (D) on the server, by permission. */
  permissions: Record<string, "G" | "W" | "D">;
}

interface Stored {
  nextId: number;
  principals: ServerPrincipal[];
}

/** What CREATE LOGIN gives; everything else gets its default. */
export interface NewLogin {
  readonly name: string;
  readonly type: "S" | "U" | "G" | "C";
  readonly password?: string;
  readonly passwordHash?: string;
  readonly sid?: string;
  readonly defaultDatabase?: string;
  readonly defaultLanguage?: string;
  readonly policyChecked?: boolean;
  readonly expirationChecked?: boolean;
}

/** PWDENCRYPT: header, salt, hash over the UTF-16 password and the salt. */
export function passwordHash(password: string, majorVersion: number, salt: Uint8Array = randomBytes(4)): string {
  const [header, algorithm] = majorVersion >= 11 ? (["0200", "sha512"] as const) : (["0100", "sha1"] as const);
  const digest = createHash(algorithm).update(password, "utf16le").update(salt).digest("hex");
  return `${header}${Buffer.from(salt).toString("hex")}${digest}`.toUpperCase();
}

/** PWDCOMPARE. */
export function passwordMatches(password: string, hash: string): boolean {
  const stored = Buffer.from(hash, "hex");
  const again = Buffer.from(passwordHash(password, stored[0] === 2 ? 11 : 10, stored.subarray(2, 6)), "hex");
  return stored.length === again.length && timingSafeEqual(stored, again);
}

/** A Windows account's sid: S-1-5-21 with a domain part and a number that follow from the names, 28 bytes. */
export function windowsSid(account: string): string {
  const [domain = "", name = ""] = account.toLowerCase().split("\\");
  const hash = (text: string, bytes: number): string =>
    createHash("sha256")
      .update(text)
      .digest("hex")
      .slice(0, bytes * 2);
  return `010500000000000515000000${hash(domain, 12)}${hash(`${domain}\\${name}`, 4)}`.toUpperCase();
}

/** The principals of one instance. Names compare without case, as the server's collation does. */
export class ServerPrincipals {
  readonly #file: string;
  readonly #majorVersion: number;
  readonly #now: () => Date;
  readonly #stored: Stored;

  /**
   * @param file where they are kept; absent: an instance as setup leaves it, sa disabled and without a password
   * @param majorVersion decides the password hash
   * @param now the instance's clock
   */
  constructor(file: string, majorVersion: number, now: () => Date) {
    this.#file = file;
    this.#majorVersion = majorVersion;
    this.#now = now;
    this.#stored = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Stored) : this.#setup();
  }

  all(): readonly ServerPrincipal[] {
    return this.#stored.principals;
  }

  find(name: string): ServerPrincipal | undefined {
    const wanted = name.toLowerCase();
    return this.#stored.principals.find((principal) => principal.name.toLowerCase() === wanted);
  }

  findBySid(sid: string): ServerPrincipal | undefined {
    return this.#stored.principals.find((principal) => principal.sid === sid.toUpperCase());
  }

  /** Adds a login. The caller has checked that name and sid are free (15025, 15433). */
  create(login: NewLogin): ServerPrincipal {
    const now = this.#now().toISOString();
    const principal: ServerPrincipal = {
      id: this.#stored.nextId++,
      name: login.name,
      sid: login.sid ?? (login.type === "S" ? randomBytes(16).toString("hex").toUpperCase() : windowsSid(login.name)),
      type: login.type,
      disabled: false,
      defaultDatabase: login.defaultDatabase ?? "master",
      defaultLanguage: login.defaultLanguage ?? "us_english",
      policyChecked: login.policyChecked ?? login.type === "S",
      expirationChecked: login.expirationChecked ?? false,
      passwordHash:
        login.passwordHash ??
        (login.password === undefined ? undefined : passwordHash(login.password, this.#majorVersion)),
      created: now,
      modified: now,
      passwordSet: now,
      roles: [],
      permissions: { "CONNECT SQL": "G" },
    };
    this.#stored.principals.push(principal);
    this.#save();
    return principal;
  }

  /** Changes a principal and keeps it. */
  alter(principal: ServerPrincipal, change: (principal: ServerPrincipal) => void): void {
    change(principal);
    principal.modified = this.#now().toISOString();
    this.#save();
  }

  setPassword(principal: ServerPrincipal, password: string): void {
    this.alter(principal, (login) => {
      login.passwordHash = passwordHash(password, this.#majorVersion);
      login.passwordSet = this.#now().toISOString();
    });
  }

  drop(principal: ServerPrincipal): void {
    this.#stored.principals.splice(this.#stored.principals.indexOf(principal), 1);
    this.#save();
  }

  /** Membership in a server role, 1/0 of IS_SRVROLEMEMBER. public has every login. */
  isMember(principal: ServerPrincipal, role: string): boolean {
    const wanted = role.toLowerCase();
    return wanted === "public" || principal.roles.some((name) => name.toLowerCase() === wanted);
  }

  /** sysadmin has every right and no denial touches it. */
  isSysadmin(principal: ServerPrincipal): boolean {
    return this.isMember(principal, "sysadmin");
  }

  /** Whether a permission of the server's scope holds, by grant, role or a permission that includes it. */
  has(principal: ServerPrincipal, permission: ServerPermission): boolean {
    if (this.isSysadmin(principal)) return true;
    const including = includingPermissions(permission);
    const holders = this.#holders(principal);
    if (including.some((name) => holders.some((holder) => holder.permissions[name] === "D"))) return false;
    return including.some((name) =>
      holders.some((holder) => holder.permissions[name] === "G" || holder.permissions[name] === "W"),
    );
  }

  #holders(principal: ServerPrincipal): readonly Pick<ServerPrincipal, "permissions">[] {
    const roles = ["public", ...principal.roles].map((name) => this.find(name)).filter((role) => role !== undefined);
    return [principal, ...roles];
  }

  #setup(): Stored {
    const now = this.#now().toISOString();
    const common = {
      disabled: false,
      defaultDatabase: "master",
      defaultLanguage: "us_english",
      expirationChecked: false,
      policyChecked: false,
      passwordHash: undefined,
      created: now,
      modified: now,
      passwordSet: now,
    };
    const sid = (id: number): string => id.toString(16).padStart(2, "0").toUpperCase();
    const principals: ServerPrincipal[] = [
      {
        ...common,
        id: 1,
        name: "sa",
        sid: "01",
        type: "S",
        disabled: true,
        roles: ["sysadmin"],
        permissions: { "CONNECT SQL": "G" },
      },
      ...fixedServerRoles.map(({ name, id, permissions }) => ({
        ...common,
        id,
        name,
        sid: sid(id),
        type: "R" as const,
        roles: [],
        permissions: Object.fromEntries(permissions.map((permission) => [permission, "G" as const])),
      })),
    ];
    return { nextId: 257, principals };
  }

  #save(): void {
    const temporary = `${this.#file}.new`;
    writeFileSync(temporary, JSON.stringify(this.#stored, undefined, 1), { mode: 0o600 });
    renameSync(temporary, this.#file);
  }
}
