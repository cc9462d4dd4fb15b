/** A port behind which nothing answers: a connection is taken and then there is silence, until the client gives up. */
import { createServer, type Socket } from "node:net";

export interface SilentPort {
  close(): Promise<void>;
}

/** Takes the port on loopback. Throws the error of node:net (EADDRINUSE). */
export async function listenSilently(port: number): Promise<SilentPort> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // What the client sends is read and left without an answer; a client that goes away is let go.
    socket.resume();
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
