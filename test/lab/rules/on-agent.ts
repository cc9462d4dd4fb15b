/** Rules on one instance with its SQL Server Agent. */
import { AgentEstate, type Server } from "../agent-estate";
import type { Rule } from "./support";

/** A rule before its test. */
export type Described = Omit<Rule, "run">;

/** What a procedure of msdb is called with. */
export const EXEC = "EXEC msdb.dbo.";

/**
 * A rule whose test has SQL-P1 with its Agent running.
 * @param factor how much faster than the machine's the estate's time runs
 */
export function onAgent(
  rule: Described,
  check: (server: Server, estate: AgentEstate) => Promise<void>,
  factor = 1,
): Rule {
  return {
    ...rule,
    run: async () => {
      const estate = new AgentEstate(factor);
      try {
        await check(await estate.start("SQL-P1"), estate);
      } finally {
        await estate.dispose();
      }
    },
  };
}

export const documented = (number: string, source: string, title: string): Described => ({
  number,
  certainty: "documented",
  source,
  title,
});

export const known = (number: string, title: string, source = ""): Described => ({
  number,
  certainty: "well known",
  source,
  title,
});
