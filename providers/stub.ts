/**
 * What the state keeps of a provider: one constant line per kind. The engine runs it again at every refresh, whatever
 * the present code is, so it only loads the handler and is never changed once released (test/unit/stub.test.ts).
 * A constant, and not a serialized closure: its text then depends on neither the SDK's serializer nor the compiler.
 */
export function stub(kind: Kind): string {
  return `exports.handler = () => require(process.cwd() + "/providers/load.js").handler("${kind}");`;
}

/** The resource kinds: the last part of the type `pulumi-nodejs:dynamic/persistent-chat:<kind>`. */
export const kinds = [
  "Preflight",
  "ClearedActiveServers",
  "DatabaseMirroring",
  "WriteFence",
  "DatabaseBackup",
  "DatabaseRestore",
  "LogShipping",
  "ActiveServers",
  "PoolState",
  "TailLogBackup",
  "RestoredLogs",
  "RemovedLogShipping",
  "DatabaseRecovery",
  "LogBackupJob",
  "ChatService",
  "DroppedMirrorCopies",
] as const;

export type Kind = (typeof kinds)[number];
