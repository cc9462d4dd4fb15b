/** Microsoft.Rtc.SyntheticTransactions.TaskOutput: what the Test-Cs cmdlets answer. */
import type { ObjectValue, WireValue } from "../control-protocol";

const TICKS_PER_MILLISECOND = 10_000;

/** A System.TimeSpan: `00:00:01.2345678`. */
export function timeSpan(milliseconds: number): ObjectValue {
  const ticks = Math.round(milliseconds * TICKS_PER_MILLISECOND);
  const seconds = Math.floor(ticks / (TICKS_PER_MILLISECOND * 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const rest = String(ticks % (TICKS_PER_MILLISECOND * 1000)).padStart(7, "0");
  return {
    type: "System.TimeSpan",
    text: `${parts.map(two).join(":")}.${rest}`,
    properties: {
      Ticks: ticks,
      Hours: parts[0] as number,
      Minutes: parts[1] as number,
      Seconds: parts[2] as number,
      Milliseconds: Math.floor(milliseconds) % 1000,
      TotalSeconds: ticks / TICKS_PER_MILLISECOND / 1000,
      TotalMilliseconds: ticks / TICKS_PER_MILLISECOND,
    },
  };
}

/**
 * @param target FQDN of what was tested
 * @param error "" = it succeeded
 * @param more properties of this kind of test
 */
export function taskOutput(
  target: string,
  milliseconds: number,
  error: string,
  more: Readonly<Record<string, WireValue>> = {},
): ObjectValue {
  const succeeded = error === "";
  return {
    type: "Microsoft.Rtc.SyntheticTransactions.TaskOutput",
    properties: {
      TargetFqdn: target,
      Result: {
        enumeration: "Microsoft.Rtc.SyntheticTransactions.TaskResult",
        name: succeeded ? "Success" : "Failure",
        value: succeeded ? 0 : 1,
      },
      Latency: timeSpan(succeeded ? milliseconds : 0),
      Error: error,
      Diagnosis: "",
      ...more,
    },
  };
}
