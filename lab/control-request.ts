/** One command to a running daemon over its control port. */
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { type LabCommand, type LabCommands, LabError, type LabRequest, type LabResponse } from "./control-commands";
import { readJsonLines, writeJsonLine } from "./shell/json-lines";

/** Where a daemon listens. `tokenFile` proves that the caller may read the lab's directory. */
export interface ControlAddress {
  readonly host: string;
  readonly port: number;
  readonly tokenFile: string;
}

/**
 * Sends one command and answers its result.
 * Throws LabError: the daemon's own refusal, or that nobody (or somebody else) listens there.
 */
export function request<Command extends LabCommand>(
  address: ControlAddress,
  command: Command,
  args: LabCommands[Command]["arguments"],
): Promise<LabCommands[Command]["result"]> {
  const { host, port, tokenFile } = address;
  return new Promise((resolve, reject) => {
    const unreachable = (reason: string): void =>
      reject(
        new LabError(
          `No lab answers on ${host}:${String(port)}: ${reason}`,
          `Start one with: npm run lab -- up --port-base ${String(port)}`,
        ),
      );
    let token: string;
    try {
      token = readFileSync(tokenFile, "utf8").trim();
    } catch (error) {
      unreachable(error instanceof Error ? error.message : String(error));
      return;
    }
    const socket = connect({ host, port });
    socket.on("error", (error) => unreachable(error.message));
    // A promise that is settled already ignores this.
    socket.on("close", () => unreachable("the connection was closed before the answer came."));
    socket.on("connect", () => writeJsonLine(socket, { token, client: `lab ${command} (${String(process.pid)})` }));
    readJsonLines(socket, (message) => {
      const { kind } = message as { kind: "welcome" | "refused" } | LabResponse;
      if (kind === "welcome") {
        const line: LabRequest<Command> = { id: 1, kind: "lab", command, arguments: args };
        writeJsonLine(socket, line);
        return;
      }
      if (kind === "refused") unreachable("it refused this directory's token, so it is another directory's lab.");
      else {
        const answer = message as LabResponse;
        if (answer.kind === "result") resolve(answer.value as LabCommands[Command]["result"]);
        else reject(new LabError(answer.message, answer.hint));
      }
      socket.end();
    });
  });
}
