import type { Cursor } from "./cursor";

/** Options between commas, each an object with its own properties, as one object; of repeated ones the last counts. */
export function parseMerged<Options extends object>(cursor: Cursor, parse: () => Partial<Options>): Partial<Options> {
  return cursor.list(parse).reduce<Partial<Options>>((all, one) => ({ ...all, ...one }), {});
}
