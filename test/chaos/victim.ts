/**
 * The program that is killed: three instances with their Agents on the directory that it is given, which run the batches
 * that the parent sends. `process.argv`: directory, and the change of the disk before which it ends (0: none yet).
 */
import { Agent } from "../../lab/agent/agent";
import { Instance } from "../../lab/server/instance";
import type { ServerSession } from "../../lab/server/server-session";
import { WindowsFiles } from "../../lab/windows/files";
import { ask } from "../lab/server-catalog-estate";
import { endBefore, watchDisk } from "./crash-points";
import { INSTANCES, type InstanceName, SHARE, type VictimAnswer, type VictimRequest } from "./victim-protocol";

async function main(directory: string, change: number): Promise<void> {
  await watchDisk();
  if (change > 0) endBefore(change);
  const files = new WindowsFiles(directory, [SHARE]);
  const instances = new Map<InstanceName, Instance>();
  const sessions = new Map<string, ServerSession>();
  for (const name of INSTANCES) {
    const short = name.toLowerCase().replace("sql-", "");
    for (const folder of ["D:\\SQLData", "E:\\SQLLog", "D:\\LSCopy"]) files.makeFolder(name, folder);
    const instance = await Instance.start({
      name,
      files,
      fullyQualifiedName: `${name.toLowerCase()}.dci.discovery.com`,
      engineAccount: `DCI\\svc-sql-${short}`,
      agentAccount: `DCI\\svc-agent-${short}`,
      saPassword: "Rehearsal-1",
      utcOffsetMinutes: 0,
      partner: (address) =>
        [...instances.values()].find((one) => one.endpointAddress?.toLowerCase() === address.toLowerCase()),
    });
    instances.set(name, instance);
    await new Agent({ instance }).start();
    for (const one of instances.values()) one.core.reconnectPartners();
  }
  const answer = (message: VictimAnswer): void => void process.send?.(message);
  const batch = async ({ instance: name, session: id, text }: VictimRequest & { kind: "batch" }) => {
    const instance = instances.get(name);
    if (instance === undefined) throw new Error(`There is no instance ${name}.`);
    const key = `${name} ${id}`;
    const session = sessions.get(key) ?? instance.openInternalSession("sa", id);
    sessions.set(key, session);
    const { rows, messages } = await ask(session, text);
    const errors = messages.filter((one) => one.class > 10).map((one) => `${String(one.number)} ${one.text}`);
    return { rows, errors };
  };
  process.on("message", (request: VictimRequest) => {
    if (request.kind === "arm") {
      endBefore(request.change);
      answer({ kind: "answer", id: request.id, rows: [], errors: [] });
      return;
    }
    batch(request).then(
      (found) => answer({ kind: "answer", id: request.id, ...found }),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  // Without a parent there is nobody to work for.
  process.on("disconnect", () => process.exit(1));
  answer({ kind: "ready" });
}

const [, , directory = "", change = "0"] = process.argv;
main(directory, Number(change)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
