/**
 * Instances that answer and could not be read. Only one that nobody answers for may be taken for gone: whatever refuses or does
 * not end may serve the chat meanwhile. Pure.
 */
import type { Desired } from "./desired";
import type { InstanceRole, Observation, SectionFailure } from "./observation-types";

/** Why the instance could not be read; undefined when it was, or is not configured. */
export function readingFailure(observation: Observation, role: InstanceRole): SectionFailure | undefined {
  const section = observation.instances[role];
  return section === undefined || section.reachable ? undefined : section.failure;
}

/** The instance, or something at its address, answers and could not be read. */
export function answersUnread(observation: Observation, role: InstanceRole): boolean {
  const failure = readingFailure(observation, role);
  return failure !== undefined && failure.code !== "UNREACHABLE";
}

/** Some of the instances answer unread, and each of them does so for a reason that `acknowledge.primaryFailures` names. */
export function failuresAcknowledged(
  observation: Observation,
  { pool }: Pick<Desired, "pool">,
  roles: readonly InstanceRole[],
): boolean {
  const named: readonly string[] = pool.acknowledge.primaryFailures;
  const unread = roles.filter((role) => answersUnread(observation, role));
  return unread.length > 0 && unread.every((role) => named.includes(readingFailure(observation, role)?.code ?? ""));
}
