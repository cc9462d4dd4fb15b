/**
 * Findings about the mirror of a site. None of them is an error: a mirror that cannot be made must not keep the chat from
 * coming home; its own step refuses in its turn, after the chat is back.
 */
import { readable } from "./authority";
import { type DatabaseKind, partnerRole, type SiteName, serverName, wantsMirror } from "./desired";
import { warningFinding } from "./findings";
import { mirrorObstacle, mirrorPair } from "./mirror-pair";
import type { PlanContext } from "./plan-context";
import { otherCopyOf, otherName } from "./other-copy";
import { failoverObstacle, mirrorShippingChanges, needsPrincipal, wantsMirrorShipping } from "./plan-mirror-shipping";
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
  return unique([...found, ...rights, ...shippingFindings(context, site)]);
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

/** Mirrors that may have taken over from a principal that does not serve, as far as anybody can tell: they were not read. */
export function unreadMirrorFindings({ observation, desired, authority }: PlanContext): Finding[] {
  if (authority.outcome === "unclear") return [];
  return (["primary", "backup"] as const)
    .filter((site) => ["silent", "unread"].includes(otherCopyOf(observation, desired, site)))
    .map((site) =>
      warningFinding(
        `mirror-unread:${site}`,
        `${otherName(observation, desired, site)} could not be read: whether it took ${desired.chat} over and holds it ONLINE is not known`,
        "If it did, its copy is the newest: look there first.",
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

// What is registered on a mirror is of no use without its Agent, and some of it is registered by a failover to it.
function shippingFindings(context: PlanContext, site: SiteName): Finding[] {
  const changes = mirrorShippingChanges(context, site);
  const pair = mirrorPair(context, site, "chat");
  const agent = readable(context.observation, pair.partner)?.services.agent ?? null;
  const stopped = wantsMirrorShipping(context.desired, site) && agent !== null && !sameName(agent.status, "Running");
  const obstacle = changes.some(needsPrincipal) && pair.copy?.mirroring ? failoverObstacle(pair) : undefined;
  return [
    ...(stopped
      ? [
          warningFinding(
            `agent-not-running:${pair.partner}`,
            `SQL Server Agent of ${pair.partnerName} is ${agent.status}: log shipping would not go on after a failover to it`,
            `Start the service ${agent.name} on ${pair.partnerName}, and set it to start automatically.`,
          ),
        ]
      : []),
    ...(obstacle === undefined
      ? []
      : [
          warningFinding(
            `no-failover:${pair.database}`,
            `log shipping cannot be registered on ${pair.partnerName}: ${obstacle}`,
            "Registering it takes a failover to the mirror and back: SYNCHRONIZED, safety FULL.",
          ),
        ]),
  ];
}

// The mirror's side is told by itself only to a sysadmin (sys.database_mirroring), and is made by one.
function rightFindings(context: PlanContext, site: SiteName): Finding[] {
  const { desired, observation, authority } = context;
  const role = partnerRole(authority.principals[site]);
  const pair = mirrorPair(context, site, "chat");
  const instance = readable(observation, role);
  if (instance === undefined || instance.server.isSysadmin) return [];
  if (pair.copy?.mirroring && mirrorShippingChanges(context, site).length === 0) return [];
  return [
    warningFinding(
      `not-sysadmin:${role}`,
      `login ${instance.server.login} is not a member of sysadmin on ${serverName(desired.pool, role)}, the mirror, where something is to be made`,
      "Previews work with fewer rights; give `pulumi up` a login that is a member of sysadmin there too.",
    ),
  ];
}

function unique(findings: readonly Finding[]): Finding[] {
  return findings.filter((finding, at) => findings.findIndex((other) => sameName(other.id, finding.id)) === at);
}
