/** Free ports on loopback, for labs that must not meet one that a user runs. */
import { createServer } from "node:net";

/** Above the lab's default base and below the range from which systems hand out ports of their own. */
const lowestBase = 15_000;
const bases = 15_000;

/** The first of `count` ports in a row that are free now; another program may still take one before they are used. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const base = lowestBase + Math.floor(Math.random() * bases);
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(base + index)));
    if (free.every(Boolean)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
