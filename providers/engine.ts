/**
 * The Pulumi engine as a provider process can reach it: its address is the first argument of the process.
 * Used for messages that belong to a resource, and to notice that the engine is gone.
 */
import { credentials, type ServiceError, status } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { GetRootResourceRequest, LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

export type Severity = "info" | "warning" | "error";

const severities: Readonly<Record<Severity, LogSeverity>> = {
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
};

/** How often the engine is asked whether it is still there, milliseconds. */
const heartbeat = 1_000;

/** How long it may take to answer, milliseconds. An engine that is slow is there; one that is gone refuses at once. */
const answerLimit = 5_000;

/** How many questions in a row may stay without an answer. */
const patience = 2;

export class Engine {
  readonly #client: EngineClient | undefined;
  #watch: NodeJS.Timeout | undefined;

  /** @param address host:port of the engine; anything else (not started by an engine): messages go to the console */
  constructor(address: string | undefined) {
    const known = address !== undefined && /^\S+:\d+$/.test(address);
    this.#client = known ? new EngineClient(address, credentials.createInsecure()) : undefined;
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
    const deadline = Date.now() + answerLimit;
    return new Promise((resolve) => client.log(request, { deadline } as never, () => resolve()));
  }

  /**
   * Calls `gone` once when nobody listens at the engine's address any more (killed, or its pipe closed): twice in a row.
   * Without it a provider outlives a killed CLI for ever.
   */
  watch(gone: () => void): void {
    const client = this.#client;
    if (client === undefined || this.#watch !== undefined) return;
    let failures = 0;
    const ask = (): void => {
      const deadline = Date.now() + answerLimit;
      client.getRootResource(new GetRootResourceRequest(), { deadline } as never, (error: ServiceError | null) => {
        failures = error?.code === status.UNAVAILABLE ? failures + 1 : 0;
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
