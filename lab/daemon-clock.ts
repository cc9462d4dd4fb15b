/** The clock of the estate, which may run faster than the machine's: schedules of 15 minutes pass in seconds. */
import { type AgentClock, agentClock } from "./agent/agent-clock";

/** One clock for all hosts. */
export interface LabClock {
  /** Milliseconds since 1970, UTC. */
  readonly utcTime: () => number;
  readonly agent: AgentClock;
}

/** A clock that shows the machine's time now and goes on `factor` times as fast. */
export function labClock(factor: number): LabClock {
  const started = Date.now();
  return { utcTime: () => started + (Date.now() - started) * factor, agent: agentClock(factor) };
}
