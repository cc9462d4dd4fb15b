/** A lab of the conformance run's own, and how its backup principal is described to one client. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConnectionPool } from "mssql";
import type { CaseResult } from "./conformance-report";
import { WireRelay, type WireRole, wireRoles } from "./conformance-wire";
import { freePorts } from "./free-ports";
import { type LabDescription, labInstance, labSchema } from "./lab-configuration";
import { runLab } from "./lab-process";

/** mgc must hold more than the 100,000 messages that each client reads at once. */
const databaseSize = "112MiB";
const portsOfLab = 5;
const triesOfPorts = 10;

/** What each client reads at once. */
const largeResult = "SELECT TOP (100000) channelId, chatId, chatDate, userId, content FROM mgc.dbo.tblChat";

/** What a client cannot do, so that nothing of it is expected on the wire. */
export interface ClientLimits {
  /** Ways of connecting that the client does not know. */
  readonly cannot?: readonly WireRole[];
  /** The program that sends the attention ends behind it. */
  readonly endsAfterAttention?: boolean;
}

export class ConformanceLab {
  private constructor(
    readonly description: LabDescription,
    readonly pid: number,
    readonly folder: string,
    readonly options: readonly string[],
  ) {}

  static async start(): Promise<ConformanceLab> {
    const folder = mkdtempSync(join(tmpdir(), "persistent-chat-conformance-"));
    for (let tries = 1; ; tries += 1) {
      const where = ["--port-base", String(await freePorts(portsOfLab)), "--directory", join(folder, "lab")];
      try {
        const options = ["up", "--json", "--scenario", "failed-over", "--database-size", databaseSize];
        const printed: unknown = JSON.parse(await runLab([...options, ...where]));
        const { pid } = printed as { readonly pid: number };
        const lab = new ConformanceLab(labSchema.parse(printed), pid, folder, where);
        await lab.#readOnce();
        return lab;
      } catch (error) {
        // Between the look and the start another program may have taken a port.
        if (tries < triesOfPorts && error instanceof Error && /Port \d+/.test(error.message)) continue;
        rmSync(folder, { recursive: true, force: true });
        throw error;
      }
    }
  }

  /** Reads the large result once, so that memory is compared with a server that has done it before. */
  async #readOnce(): Promise<void> {
    const { host, port, user, password } = labInstance(this.description, "backup");
    const options = { encrypt: false, appName: "conformance" };
    const pool = await new ConnectionPool({ server: host, port, user, password, options, requestTimeout: 0 }).connect();
    try {
      const request = pool.request();
      request.stream = true;
      request.on("row", () => undefined);
      await request.batch(largeResult);
    } finally {
      await pool.close();
    }
  }

  /**
   * Runs a client's cases against this lab: `run` gets the path of the lab's JSON, in which the instances of the site "wire"
   * are relays to the backup's principal. Answers what the relays saw.
   */
  async watched(limits: ClientLimits, run: (json: string) => Promise<void>): Promise<CaseResult[]> {
    const principal = labInstance(this.description, "backup");
    const relays = await Promise.all(wireRoles.map((role) => WireRelay.start(role, principal)));
    try {
      const wire = relays.map(({ role, port }) => ({ ...principal, site: "wire", role, host: "127.0.0.1", port }));
      const json = join(this.folder, "lab.json");
      const instances = [...this.description.instances, ...wire];
      writeFileSync(json, JSON.stringify({ ...this.description, instances }), { mode: 0o600 });
      await run(json);
      const expected = relays.filter(({ role }) => limits.cannot?.includes(role) !== true);
      return await Promise.all(expected.map((relay) => relay.judge(limits.endsAfterAttention === true)));
    } finally {
      for (const relay of relays) relay.close();
    }
  }

  /** Ends it; its journal can be read in `use` before its files are removed. */
  async down(use: (journal: string) => void): Promise<void> {
    await runLab(["down", ...this.options]);
    try {
      use(this.description.journal);
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}
