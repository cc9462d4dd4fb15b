/** JSON, one object per line, UTF-8, over a socket: the framing of the control port. */
import type { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";

/** Longest line that is taken (64 MiB): whoever sends more speaks something else. */
const LONGEST_LINE = 64 * 2 ** 20;

/**
 * Calls `received` for each line in order. A line that is not JSON, or that is too long, ends the connection with an
 * error on the socket.
 */
export function readJsonLines(socket: Socket, received: (message: unknown) => void): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  socket.on("data", (chunk: Buffer) => {
    rest += decoder.write(chunk);
    if (rest.length > LONGEST_LINE) {
      socket.destroy(new Error(`A line of more than ${String(LONGEST_LINE)} characters arrived on the control port.`));
      return;
    }
    for (let end = rest.indexOf("\n"); end >= 0 && !socket.destroyed; end = rest.indexOf("\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (line.trim() === "") continue;
      let message: unknown;
      try {
        message = JSON.parse(line);
      } catch {
        socket.destroy(new Error(`The control port expects JSON, one object per line; found: ${line.slice(0, 80)}`));
        return;
      }
      received(message);
    }
  });
}

/** Writes one object as a line. */
export function writeJsonLine(socket: Socket, message: unknown): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(message)}\n`);
}
