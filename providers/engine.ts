/**
 * The Pulumi engine as a provider process can reach it: its address is the first argument of the process.
 * Used for messages that belong to a resource, and to notice that the engine is gone.
 */
import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { GetRootResourceRequest, LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

export type Severity = "info" | "warning" | "error";

const severities: Readonly<Record<Severity, LogSeverity>> = {
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
};

/** How often the engine is asked whether it is still there, and how long it may take to answer; milliseconds. */
const heartbeat = 1_000;

/** How many questions in a row may stay without an answer. */
const patience = 2;

export class Engine {
  readonly #client: EngineClient | undefined;
  #watch: NodeJS.Timeout | undefined;

  /** @param address host:port of the engine; absent (not started by an engine): messages go to the console */
  constructor(address: string | undefined) {
    this.#client = address === undefined ? undefined : new EngineClient(address, credentials.createInsecure());
  }

  /** A message under the resource's URN; "" binds it to the stack. Several lines stay together. */
  async log(severity: Severity, message: string, urn: string): Promise<void> {
    await this.#send(severity, message, urn, false);
  }

  /** A message that only a terminal shows, in the resource's row, until the next one. */
  async progress(message: string, urn: string): Promise<void> {
    await this.#send("info", message, urn, true);
  }

  #send(severity: Severity, message: string, urn: string, ephemeral: boolean): Promise<void> {
    const client = this.#client;
    if (client === undefined) {
      if (!ephemeral) console.log(message);
      return Promise.resolve();
    }
    const request = new LogRequest();
    request.setSeverity(severities[severity]);
    request.setMessage(message);
    request.setUrn(urn);
    request.setEphemeral(ephemeral);
    // A message that the engine does not take must not fail the step that it tells of.
    return new Promise((resolve) => client.log(request, () => resolve()));
  }

  /**
   * Calls `gone` once when the engine no longer answers (killed, or its pipe closed): two failed questions in a row.
   * Without it a provider outlives a killed CLI for ever.
   */
  watch(gone: () => void): void {
    const client = this.#client;
    if (client === undefined || this.#watch !== undefined) return;
    let failures = 0;
    const ask = (): void => {
      const deadline = Date.now() + heartbeat;
      client.getRootResource(new GetRootResourceRequest(), { deadline } as never, (error: unknown) => {
        failures = error === null ? 0 : failures + 1;
        if (failures >= patience) gone();
        else this.#watch = setTimeout(ask, heartbeat).unref();
      });
    };
    this.#watch = setTimeout(ask, heartbeat).unref();
  }

  /** Stops watching and lets go of the connection. */
  close(): void {
    clearTimeout(this.#watch);
    this.#client?.close();
  }
}
