/** Which log shipping registration of a pool's instances counts. Pure. */
import type { LogShippingPrimaryRow, LogShippingSecondaryRow } from "../observation-types";
import { sameName } from "../relations";
import type { Draft } from "./drafts";
import { addressText, type Read, type Registrations } from "./evidence";
import { answerOf, type StoreMatch } from "./stores";

/** The registration as primary: the principal's, or its mirror's when only that has one. */
export function primaryHalf(
  principal: StoreMatch | undefined,
  mirror: StoreMatch | undefined,
  draft: Draft,
): Read<LogShippingPrimaryRow | undefined> {
  const mine = shippingOf(principal);
  const [row] = mine.read ? mine.value.logShippingPrimary : [];
  if (row !== undefined) return { read: true, value: row };
  const theirs = shippingOf(mirror);
  const [atMirror] = theirs.read ? theirs.value.logShippingPrimary : [];
  if (atMirror === undefined) return mine.read ? { read: true, value: undefined } : mine;
  const name = answerOf(mirror?.reading)?.serverName ?? "the mirror";
  draft.note(`log shipping is registered on ${name} alone; its settings were taken`);
  return { read: true, value: atMirror };
}

/** The registration as secondary, on the backup's principal. */
export function secondaryHalf(
  backup: StoreMatch | undefined,
  primary: readonly (StoreMatch | undefined)[],
  draft: Draft,
): Read<LogShippingSecondaryRow | undefined> {
  const theirs = shippingOf(backup);
  if (!theirs.read) return theirs;
  const rows = theirs.value.logShippingSecondary;
  const servers = primary.map((match) => answerOf(match?.reading)?.serverName);
  const known = rows.find((row) => servers.some((server) => sameName(row.primaryServer, server)));
  const row = known ?? rows[0];
  for (const other of rows)
    if (other !== row || known === undefined)
      draft.note(
        `the secondary registers ${other.primaryServer} as its primary, which is no instance of this pool that answered`,
      );
  return { read: true, value: row };
}

function shippingOf(match: StoreMatch | undefined): Read<Registrations> {
  if (match === undefined) return { read: false, reason: "the topology has no such store" };
  const { reading } = match;
  if (reading === undefined) return { read: false, reason: "no instance was found that would register it" };
  const { answer } = reading;
  if (!answer.read) return { read: false, reason: `${addressText(reading.address)} could not be read` };
  const { shipping, serverName } = answer.value;
  return shipping.read
    ? shipping
    : { read: false, reason: `${serverName ?? addressText(reading.address)}: ${shipping.reason}` };
}
