import type { ResultSink } from "./results";

/** Nobody listens. */
export const SILENT_SINK: ResultSink = {
  columns: () => undefined,
  row: () => undefined,
  message: () => undefined,
  done: () => undefined,
  environment: () => undefined,
};
