/**
 * Variables of a batch, checked before anything of it runs: each declared once (134), each declared before it is used
 * (137, 1087). A declaration holds from where it stands to the end of the batch, whatever blocks it is in.
 */
import type { Batch, DeclareStatement } from "./ast";
import type { SqlError } from "./errors";
import type { ExecutionScope } from "./execution-scope";
import { bindErrors } from "./language-errors";

/** An error of the batch with the line where it is. */
export class DeclarationError extends Error {
  constructor(
    readonly error: SqlError,
    readonly line: number,
  ) {
    super(error.message);
    this.name = "DeclarationError";
  }
}

class Checker {
  private line = 1;
  private readonly tables = new Set<string>();

  constructor(private readonly scope: ExecutionScope) {}

  visit(value: unknown): void {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
    if (Array.isArray(value)) {
      for (const item of value) this.visit(item);
      return;
    }
    const node = value as Readonly<Record<string, unknown>>;
    if (typeof node["line"] === "number") this.line = node["line"];
    this.check(node);
    if (node["kind"] === "declare") this.declare(value as DeclareStatement);
    else for (const item of Object.values(node)) this.visit(item);
  }

  private check(node: Readonly<Record<string, unknown>>): void {
    const name = node["name"];
    if (node["kind"] === "variable" && typeof name === "string") this.scalar(name);
    else if (node["kind"] === "tableVariable" && typeof name === "string" && !this.tables.has(name.toLowerCase()))
      throw new DeclarationError(bindErrors.mustDeclareTable(name), this.line);
    for (const key of ["variable", "returnVariable"]) {
      const assigned = node[key];
      if (typeof assigned === "string" && assigned.startsWith("@")) this.scalar(assigned);
    }
  }

  private scalar(name: string): void {
    if (!this.scope.variables.has(name.toLowerCase()))
      throw new DeclarationError(bindErrors.mustDeclareScalar(name), this.line);
  }

  private declare(statement: DeclareStatement): void {
    for (const declaration of statement.declarations) {
      const key = declaration.name.toLowerCase();
      if (declaration.kind === "scalar") this.visit(declaration.value);
      if (this.scope.variables.has(key) || this.tables.has(key))
        throw new DeclarationError(bindErrors.alreadyDeclared(declaration.name), this.line);
      if (declaration.kind === "table") this.tables.add(key);
      else this.scope.variables.set(key, { type: declaration.type, value: null });
    }
  }
}

/** Declares the variables of a batch in its scope, all NULL. @throws DeclarationError */
export function declareVariables(batch: Batch, scope: ExecutionScope): void {
  new Checker(scope).visit(batch.statements);
}
