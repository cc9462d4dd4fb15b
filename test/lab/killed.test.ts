import { count, wholeNumber } from "../../lab/cli-arguments";
import { sweep } from "../chaos/sweep";

const seed = wholeNumber(process.env["CHAOS_SEED"] ?? "5");
const rounds = count(process.env["CHAOS_ROUNDS"] ?? "8");
/** Longest time of a round, in milliseconds: a start, checks, tasks. */
const ROUND_MS = 30_000;

describe("lab: instances that are killed", () => {
  it(`hold what they told after ${String(rounds)} ends by SIGKILL (CHAOS_ROUNDS), seed ${String(seed)} (CHAOS_SEED)`, async function () {
    this.timeout((rounds + 1) * ROUND_MS);
    await sweep({ seed, rounds, say: () => undefined });
  });
});
