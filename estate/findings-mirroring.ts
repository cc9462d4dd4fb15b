/**
 * Findings about the mirror of a site. None of them is an error: a mirror that cannot be made must not keep the chat from
 * coming home; its own step refuses in its turn, after the chat is back.
 */
import { readable } from "./authority";
import { type DatabaseKind, partnerRole, type SiteName, serverName, wantsMirror } from "./desired";
import { warningFinding } from "./findings";
import { mirrorObstacle, mirrorPair } from "./mirror-pair";
import type { PlanContext } from "./plan-context";
import { dropsLeftovers, leftoversOf } from "./plan-mirroring";
import type { Finding } from "./plan-types";
import { sameName } from "./relations";

/** States of a session that is there and does not protect: nothing that its own step would mend. */
const unprotected: ReadonlySet<string> = new Set(["DISCONNECTED", "UNSYNCHRONIZED"]);

/**
 * What hinders a site's mirrors, and sessions that stand still.
 * @param renewed an earlier step makes the chat database of that site anew
 */
export function mirroringFindings(context: PlanContext, site: SiteName, renewed: boolean): Finding[] {
  const { authority, desired } = context;
  // Where nothing may be changed, the mirror is not what a person has to hear of.
  if (!authority.allows.includes("F8") && !authority.allows.includes("O6")) return [];
  const found = (["chat", "compliance"] as const)
    .filter((which) => wantsMirror(desired, site, which))
    .flatMap((which) => pairFindings(context, site, which, which === "chat" && renewed));
  const rights = found.length === 0 ? rightFindings(context, site) : [];
  return unique([...found, ...rights]);
}

/** Leftovers that the configuration lets go, and that may hold what no other copy does. */
export function leftoverFindings(context: PlanContext, site: SiteName): Finding[] {
  const { desired, authority } = context;
  if (!dropsLeftovers(desired, site) || authority.outcome === "unclear") return [];
  const name = serverName(desired.pool, partnerRole(authority.principals[site]));
  return leftoversOf(context, site)
    .filter(({ judged }) => !judged.covered)
    .map(({ database, judged }) =>
      warningFinding(
        `leftover-kept:${database}`,
        `${database} on ${name} is RESTORING and is not dropped: ${judged.reason}`,
        "Look what it holds (RESTORE DATABASE … WITH RECOVERY opens it), then drop it by hand.",
      ),
    );
}

function pairFindings(context: PlanContext, site: SiteName, which: DatabaseKind, renewed: boolean): Finding[] {
  const pair = mirrorPair(context, site, which);
  const obstacle = mirrorObstacle(context, pair, renewed);
  if (obstacle !== undefined) return [warningFinding(obstacle.id, obstacle.message, obstacle.hint)];
  const session = pair.copy?.mirroring ?? null;
  if (session === null || !unprotected.has(session.state)) return [];
  return [
    {
      ...warningFinding(
        `mirror-${session.state.toLowerCase()}:${pair.database}`,
        `${pair.database} on ${pair.holderName} is mirrored to ${pair.partnerName}, ${session.state}: it has no protection inside its site`,
        `Bring ${pair.partnerName} back; the session goes on by itself. Nothing is made anew here.`,
      ),
      drift: {
        resource: "DatabaseMirroring",
        property: `session of ${pair.database} on ${pair.holderName}`,
        desired: "running",
        observed: session.state,
        severity: "protection",
      },
    },
  ];
}

// The mirror's side is told by itself only to a sysadmin (sys.database_mirroring), and is made by one.
function rightFindings(context: PlanContext, site: SiteName): Finding[] {
  const { desired, observation, authority } = context;
  const role = partnerRole(authority.principals[site]);
  const pair = mirrorPair(context, site, "chat");
  const instance = readable(observation, role);
  if (instance === undefined || instance.server.isSysadmin || pair.copy?.mirroring) return [];
  return [
    warningFinding(
      `not-sysadmin:${role}`,
      `login ${instance.server.login} is not a member of sysadmin on ${serverName(desired.pool, role)}, where the mirror is to be made`,
      "Previews work with fewer rights; give `pulumi up` a login that is a member of sysadmin there too.",
    ),
  ];
}

function unique(findings: readonly Finding[]): Finding[] {
  return findings.filter((finding, at) => findings.findIndex((other) => sameName(other.id, finding.id)) === at);
}
