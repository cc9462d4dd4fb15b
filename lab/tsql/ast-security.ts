/** Syntax tree of logins, users, permissions, roles and endpoints: "Security statements (Transact-SQL)". */
import type { ObjectName } from "./host";

/** Options that CREATE LOGIN and ALTER LOGIN share; absent ones were not written. */
export interface LoginOptions {
  /** Plain text, or the bytes of a hash when HASHED was written. */
  readonly password?: string | Uint8Array;
  readonly mustChange?: boolean;
  readonly unlock?: boolean;
  readonly oldPassword?: string;
  /** CREATE LOGIN only. */
  readonly sid?: Uint8Array;
  /** ALTER LOGIN only: NAME = new name. */
  readonly name?: string;
  readonly defaultDatabase?: string;
  readonly defaultLanguage?: string;
  readonly checkPolicy?: boolean;
  readonly checkExpiration?: boolean;
}

export interface CreateLoginStatement {
  readonly kind: "createLogin";
  readonly line: number;
  readonly name: string;
  readonly fromWindows: boolean;
  readonly options: LoginOptions;
}

export interface AlterLoginStatement {
  readonly kind: "alterLogin";
  readonly line: number;
  readonly name: string;
  readonly action: { readonly kind: "enable" | "disable" } | { readonly kind: "set"; readonly options: LoginOptions };
}

export interface DropPrincipalStatement {
  readonly kind: "dropLogin" | "dropUser" | "dropRole" | "dropServerRole";
  readonly line: number;
  readonly name: string;
}

export interface CreateUserStatement {
  readonly kind: "createUser";
  readonly line: number;
  readonly name: string;
  /** Name of the login; null = WITHOUT LOGIN; absent = the login of the same name. */
  readonly login?: string | null;
  readonly defaultSchema?: string;
}

export interface AlterUserStatement {
  readonly kind: "alterUser";
  readonly line: number;
  readonly name: string;
  readonly newName?: string;
  readonly login?: string;
  readonly defaultSchema?: string;
}

export interface CreateRoleStatement {
  readonly kind: "createRole" | "createServerRole";
  readonly line: number;
  readonly name: string;
  readonly owner?: string;
}

/** ALTER ROLE and ALTER SERVER ROLE, from version 11 on. */
export interface AlterRoleStatement {
  readonly kind: "alterRole" | "alterServerRole";
  readonly line: number;
  readonly name: string;
  readonly action: { readonly kind: "addMember" | "dropMember" | "rename"; readonly name: string };
}

/** GRANT, DENY, REVOKE. */
export interface PermissionStatement {
  readonly kind: "permission";
  readonly line: number;
  readonly action: "GRANT" | "DENY" | "REVOKE";
  /** Words of the permission joined by one space: "VIEW SERVER STATE"; "ALL" for ALL [PRIVILEGES]. */
  readonly permissions: readonly { readonly name: string; readonly columns: readonly string[] }[];
  /** Absent: permission on the server or the current database. `class` is OBJECT when not written. */
  readonly securable?: { readonly class: string; readonly name: ObjectName };
  readonly principals: readonly string[];
  /** WITH GRANT OPTION, REVOKE GRANT OPTION FOR. */
  readonly grantOption: boolean;
  readonly cascade: boolean;
  readonly grantor?: string;
}

/** ALTER AUTHORIZATION ON class::name TO principal; `principal` absent = SCHEMA OWNER. */
export interface AlterAuthorizationStatement {
  readonly kind: "alterAuthorization";
  readonly line: number;
  readonly class: string;
  readonly name: ObjectName;
  readonly principal?: string;
}

/** Properties of a database mirroring endpoint; absent ones were not written. */
export interface MirroringEndpointOptions {
  readonly state?: "STARTED" | "STOPPED" | "DISABLED";
  readonly listenerPort?: number;
  /** "ALL" or an address. */
  readonly listenerIp?: string;
  /** Words as written in upper case: "WINDOWS NEGOTIATE", "CERTIFICATE name" … */
  readonly authentication?: string;
  readonly encryption?: "DISABLED" | "SUPPORTED" | "REQUIRED";
  readonly encryptionAlgorithm?: string;
  readonly role?: "WITNESS" | "PARTNER" | "ALL";
}

export interface EndpointStatement {
  readonly kind: "createEndpoint" | "alterEndpoint";
  readonly line: number;
  readonly name: string;
  readonly owner?: string;
  readonly options: MirroringEndpointOptions;
}

export interface DropEndpointStatement {
  readonly kind: "dropEndpoint";
  readonly line: number;
  readonly name: string;
}

/** Files of a certificate and its private key. */
export interface CertificateFile {
  readonly file: string;
  readonly privateKey: string;
  readonly password: string;
}

export interface CreateMasterKeyStatement {
  readonly kind: "createMasterKey";
  readonly line: number;
}

export interface CreateCertificateStatement {
  readonly kind: "createCertificate";
  readonly line: number;
  readonly name: string;
  readonly source: { readonly subject: string } | CertificateFile;
}

export interface BackupCertificateStatement {
  readonly kind: "backupCertificate";
  readonly line: number;
  readonly name: string;
  readonly target: CertificateFile;
}

export interface DropCertificateStatement {
  readonly kind: "dropCertificate";
  readonly line: number;
  readonly name: string;
}

/** CREATE DATABASE ENCRYPTION KEY of the current database. */
export interface CreateEncryptionKeyStatement {
  readonly kind: "createEncryptionKey";
  readonly line: number;
  readonly algorithm: "AES_128" | "AES_192" | "AES_256" | "TRIPLE_DES_3KEY";
  readonly certificate: string;
}
