/**
 * Database mirroring endpoints of an instance; kept in one file of its folder.
 * Source: sql-docs t-sql/statements/{create,alter,drop}-endpoint-transact-sql.md.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { MirroringEndpointOptions } from "../tsql/ast";

export interface MirroringEndpoint {
  readonly id: number;
  readonly name: string;
  /** principal_id of the owner. */
  readonly principalId: number;
  readonly state: "STARTED" | "STOPPED" | "DISABLED";
  readonly port: number;
  /** "ALL" or an address. */
  readonly address: string;
  readonly role: "NONE" | "PARTNER" | "WITNESS" | "ALL";
  readonly authentication: string;
  readonly encryption: "DISABLED" | "SUPPORTED" | "REQUIRED";
  readonly algorithm: string;
}

/** The first id of an endpoint that CREATE ENDPOINT makes. */
const FIRST_ID = 65536;

export class MirroringEndpoints {
  readonly #file: string;
  #endpoints: readonly MirroringEndpoint[];

  constructor(file: string) {
    this.#file = file;
    this.#endpoints = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as MirroringEndpoint[]) : [];
  }

  all(): readonly MirroringEndpoint[] {
    return this.#endpoints;
  }

  find(name: string): MirroringEndpoint | undefined {
    return this.#endpoints.find((endpoint) => endpoint.name.toLowerCase() === name.toLowerCase());
  }

  /** The endpoint that partners connect to; undefined when none is started. */
  started(): MirroringEndpoint | undefined {
    return this.#endpoints.find((endpoint) => endpoint.state === "STARTED");
  }

  /** Defaults of CREATE ENDPOINT: stopped, WINDOWS NEGOTIATE, encryption required with RC4. */
  create(name: string, principalId: number, options: MirroringEndpointOptions): void {
    const id = Math.max(FIRST_ID - 1, ...this.#endpoints.map((endpoint) => endpoint.id)) + 1;
    const fresh: MirroringEndpoint = {
      id,
      name,
      principalId,
      state: "STOPPED",
      port: 0,
      address: "ALL",
      role: "NONE",
      authentication: "WINDOWS NEGOTIATE",
      encryption: "REQUIRED",
      algorithm: "RC4",
    };
    this.#put([...this.#endpoints, changed(fresh, options)]);
  }

  alter(name: string, options: MirroringEndpointOptions): void {
    this.#put(
      this.#endpoints.map((endpoint) =>
        endpoint.name.toLowerCase() === name.toLowerCase() ? changed(endpoint, options) : endpoint,
      ),
    );
  }

  drop(name: string): void {
    this.#put(this.#endpoints.filter((endpoint) => endpoint.name.toLowerCase() !== name.toLowerCase()));
  }

  #put(endpoints: readonly MirroringEndpoint[]): void {
    this.#endpoints = endpoints;
    writeFileSync(`${this.#file}.new`, JSON.stringify(endpoints));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function changed(endpoint: MirroringEndpoint, options: MirroringEndpointOptions): MirroringEndpoint {
  return {
    ...endpoint,
    ...(options.state === undefined ? {} : { state: options.state }),
    ...(options.listenerPort === undefined ? {} : { port: options.listenerPort }),
    ...(options.listenerIp === undefined ? {} : { address: options.listenerIp }),
    ...(options.role === undefined ? {} : { role: options.role }),
    ...(options.authentication === undefined ? {} : { authentication: options.authentication }),
    ...(options.encryption === undefined ? {} : { encryption: options.encryption }),
    ...(options.encryptionAlgorithm === undefined ? {} : { algorithm: options.encryptionAlgorithm }),
  };
}
