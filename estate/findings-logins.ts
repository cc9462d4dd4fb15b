/** Findings about logins: a user travels with its database, its login does not ("Troubleshoot orphaned users"). Pure. */
import { poolMachines } from "./present-principals";
import type { SiteName } from "./desired";
import { errorFinding, warningFinding } from "./findings";
import type { ChatUser } from "./observation-types";
import type { PlanContext } from "./plan-context";
import { orphanedUsers, usersWithoutLogin } from "./plan-restore";
import type { Finding } from "./plan-types";
import { isOnline, poolSessions, sameName } from "./relations";
import { quoteName } from "./sql/quote";

/**
 * Users that the chat database of one site brings to the other site's instance, where no login has their sid: they are shut
 * out there (916). An error where chat servers log in so now. Nothing where either copy's users cannot be read.
 */
export function loginFindings(context: PlanContext, from: SiteName): Finding[] {
  const { desired, observation } = context;
  const [source, target] = from === "backup" ? [context.backup, context.primary] : [context.primary, context.backup];
  if (source === undefined || target === undefined) return [];
  const missing = usersWithoutLogin(source, target);
  if (missing.length === 0) return [];
  const [sourceName, targetName] =
    from === "backup" ? [context.backupName, context.primaryName] : [context.primaryName, context.backupName];
  const atWork = poolSessions(source, desired.chat, poolMachines(observation, desired)).map(
    ({ loginName }) => loginName,
  );
  const used = missing.some(({ login }) => atWork.some((one) => sameName(one, login)));
  const names = missing.map(({ name }) => name).join(", ");
  const message = `${targetName} has no login with the sid of ${names} in ${desired.chat}, as ${sourceName} has: ${used ? "the chat servers log in so, and " : ""}${desired.chat} is closed to them there (916)`;
  const hint = `Create them on ${targetName}, with that sid: ${creations(missing)}`;
  return [used ? errorFinding("logins", message, hint) : warningFinding("logins", message, hint)];
}

/** Users of the backup's open copy that no login there has: they came with the database, and are shut out. */
export function orphanFindings({ backup, backupCopy, backupName, desired }: PlanContext): Finding[] {
  const orphans =
    backup === undefined || backupCopy === undefined || !isOnline(backupCopy) ? [] : orphanedUsers(backup);
  if (orphans.length === 0) return [];
  return [
    warningFinding(
      "logins",
      `${backupName} has no login with the sid of ${orphans.map(({ name }) => name).join(", ")} in ${desired.chat}: ${desired.chat} is closed to them there (916)`,
      `Create them on ${backupName}, with that sid: ${creations(orphans)}`,
    ),
  ];
}

// An orphan's login is not known here: it usually has the user's name.
function creations(users: readonly ChatUser[]): string {
  return users
    .map(({ name, login, sid }) => `CREATE LOGIN ${quoteName(login ?? name)} WITH PASSWORD = N'…', SID = 0x${sid};`)
    .join(" ");
}
