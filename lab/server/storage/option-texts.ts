/** Options of ALTER DATABASE as message 5084 of the error log names them. */
import type { DatabaseOptions } from "./definitions";

type Switch = {
  readonly [Key in keyof DatabaseOptions]: DatabaseOptions[Key] extends boolean ? Key : never;
}[keyof DatabaseOptions];

const SWITCHES: Readonly<Record<Switch, string>> = {
  isReadOnly: "READ_ONLY",
  isTrustworthy: "TRUSTWORTHY",
  isBrokerEnabled: "ENABLE_BROKER",
  isChaining: "DB_CHAINING",
  isAutoClose: "AUTO_CLOSE",
  isAutoShrink: "AUTO_SHRINK",
  isReadCommittedSnapshot: "READ_COMMITTED_SNAPSHOT",
  isAutoUpdateStatisticsAsync: "AUTO_UPDATE_STATISTICS_ASYNC",
  allowSnapshotIsolation: "ALLOW_SNAPSHOT_ISOLATION",
};

/** Name and value of each option that changes. */
export function optionTexts(change: Partial<DatabaseOptions>): (readonly [string, string])[] {
  const texts: (readonly [string, string])[] = [];
  for (const [key, name] of Object.entries(SWITCHES)) {
    const value = change[key as Switch];
    if (value !== undefined) texts.push([name, value ? "ON" : "OFF"]);
  }
  if (change.userAccess !== undefined) texts.push([change.userAccess, "ON"]);
  if (change.recoveryModel !== undefined) texts.push(["RECOVERY", change.recoveryModel]);
  if (change.pageVerify !== undefined) texts.push(["PAGE_VERIFY", change.pageVerify]);
  if (change.compatibilityLevel !== undefined) texts.push(["COMPATIBILITY_LEVEL", String(change.compatibilityLevel)]);
  return texts;
}
