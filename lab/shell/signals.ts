/** What leaves a script's statements other than by their end. */
import type { Value } from "./values";

/** `exit n`, or [Environment]::Exit(n): ends the process. */
export class ExitSignal extends Error {
  constructor(readonly code: number) {
    super(`exit ${String(code)}`);
  }
}

/** `break` and `continue`: end a loop or its turn. */
export class LoopSignal extends Error {
  constructor(readonly word: "break" | "continue") {
    super(word);
  }
}

/** `return`: ends a function or script. What it returns went down the pipeline before. */
export class ReturnSignal extends Error {
  constructor() {
    super("return");
  }
}

/** All that a stream brings. */
export async function collect(stream: AsyncIterable<Value>): Promise<Value[]> {
  const items: Value[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** A stream of what is there already. */
export async function* streamOf(items: Iterable<Value>): AsyncGenerator<Value, void> {
  yield* items;
}
