/** The clock of the estate, which may run faster than the machine's: schedules of 15 minutes pass in seconds. */
import { type AgentClock, agentClock } from "./agent/agent-clock";

/** Where the estate's clock stood when the machine's stood somewhere (milliseconds since 1970), and how fast it goes. */
export interface ClockRecord {
  readonly machine: number;
  readonly estate: number;
  readonly factor: number;
}

/** One clock for all hosts. */
export interface LabClock {
  /** Milliseconds since 1970, UTC. */
  readonly utcTime: () => number;
  readonly agent: AgentClock;
  readonly record: ClockRecord;
}

function timeOf({ machine, estate, factor }: ClockRecord): number {
  return estate + (Date.now() - machine) * factor;
}

/**
 * A clock that goes `factor` times as fast as the machine's from now on.
 * @param before the clock of the same estate before it was down: it went on at its own pace and is never set back
 */
export function labClock(factor: number, before?: ClockRecord): LabClock {
  const machine = Date.now();
  const record = { machine, estate: before === undefined ? machine : Math.max(machine, timeOf(before)), factor };
  return { utcTime: () => timeOf(record), agent: agentClock(factor), record };
}
