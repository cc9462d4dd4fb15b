import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { createSecureContext } from "node:tls";
import type { SecureContext } from "node:tls";
import type { Backend } from "./backend";
import { Connection } from "./connection";
import type { EncryptionMode } from "./prelogin";

/** Where and how an instance listens. */
export interface TdsServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: a free port. */
  readonly port?: number;
  /**
   * What PRELOGIN negotiates. "notSupported": no TLS at all. "off", the default, as SQL Server is set up: plain text, TLS
   * for the login or TLS throughout, as the client asks. "required": "Force Encryption", TLS throughout.
   */
  readonly encryption?: EncryptionMode;
  /** PEM texts; needed unless `encryption` is "notSupported". `loadOrCreateCertificate` makes them. */
  readonly certificate?: { readonly key: string; readonly cert: string };
}

/** A listening instance. */
export interface TdsServer {
  readonly port: number;
  /** Connections that are open now, logged in or not. */
  readonly connections: number;
  /** Ends all connections without a word and stops to listen; resolves when all sockets are closed. */
  close(): Promise<void>;
}

/** TLS 1.3 sends tickets behind the handshake, where FreeTDS, JDBC, Go and SqlClient cannot read them. */
const MAXIMUM_TLS_VERSION = "TLSv1.2";

/**
 * Serves a backend over TDS 7.2 to 7.4.
 * @throws Error when the port is taken (the one of node:net), or when a certificate is missing
 */
export async function serve(backend: Backend, options: TdsServerOptions = {}): Promise<TdsServer> {
  const encryption = options.encryption ?? "off";
  const secureContext = encryption === "notSupported" ? undefined : secureContextOf(encryption, options.certificate);
  const connections = new Set<Connection>();
  const listener = createServer((socket) => {
    const connection = new Connection(socket, backend, { encryption, secureContext });
    connections.add(connection);
    void connection.closed.then(() => connections.delete(connection));
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(options.port ?? 0, options.host ?? "127.0.0.1", () => {
      listener.off("error", reject);
      resolve();
    });
  });
  // A listener that listens on TCP has an AddressInfo; a text or null is for pipes and closed ones.
  const { port } = listener.address() as AddressInfo;
  return {
    port,
    get connections() {
      return connections.size;
    },
    close: async () => {
      const stopped = new Promise<void>((resolve, reject) =>
        listener.close((error) => (error === undefined ? resolve() : reject(error))),
      );
      for (const connection of connections) connection.terminate();
      await Promise.all([stopped, ...[...connections].map(({ closed }) => closed)]);
    },
  };
}

function secureContextOf(encryption: EncryptionMode, certificate: TdsServerOptions["certificate"]): SecureContext {
  if (certificate === undefined) {
    throw new Error(
      `Encryption "${encryption}" needs a certificate and none was given; give one, or set encryption to "notSupported".`,
    );
  }
  return createSecureContext({ ...certificate, maxVersion: MAXIMUM_TLS_VERSION });
}
