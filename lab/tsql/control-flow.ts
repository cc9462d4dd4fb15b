/** How a statement can end other than by reaching its end. */
import type { SqlError } from "./errors";

/** What follows a statement. */
export type Outcome =
  | { readonly kind: "next" }
  | { readonly kind: "break" }
  | { readonly kind: "continue" }
  | { readonly kind: "return"; readonly value: number }
  | { readonly kind: "goto"; readonly label: string };

export const NEXT: Outcome = { kind: "next" };

/** An error on its way to the CATCH that handles it. */
export class Raised extends Error {
  /**
   * @param boundIn the scope in which a statement could not be bound: its own CATCH blocks do not see the error
   */
  constructor(
    readonly error: SqlError,
    readonly line: number,
    readonly procedure: string,
    readonly boundIn: object | undefined,
  ) {
    super(error.message);
    this.name = "Raised";
  }
}

/** The error was told to the client; nothing more of the batch runs. */
export class BatchEnd extends Error {
  constructor() {
    super("The batch has ended.");
    this.name = "BatchEnd";
  }
}

/** The error was told to the client; nothing more of this scope (EXEC, sp_executesql) runs, its caller goes on. */
export class ScopeEnd extends Error {
  constructor() {
    super("The scope has ended.");
    this.name = "ScopeEnd";
  }
}

/** The client sent an attention, or is gone: nothing more is said (MS-TDS 2.2.1.7). */
export class Cancelled extends Error {
  constructor() {
    super("The request was cancelled.");
    this.name = "Cancelled";
  }
}
