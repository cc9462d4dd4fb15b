/** PowerShell's syntax as the interpreter walks it: made from the grammar's tree, which is freed at once. */
import type { Extent } from "./error-record";

interface Node {
  readonly extent: Extent;
}

export type Expression =
  | (Node & { readonly kind: "literal"; readonly value: string | number })
  | (Node & { readonly kind: "expandable"; readonly parts: readonly (string | Expression)[] })
  | (Node & { readonly kind: "variable"; readonly name: string })
  | (Node & { readonly kind: "array"; readonly items: readonly Expression[] })
  | (Node & { readonly kind: "array-expression"; readonly body: readonly Statement[] })
  | (Node & { readonly kind: "sub-expression"; readonly body: readonly Statement[] })
  | (Node & { readonly kind: "parenthesized"; readonly body: Statement })
  | (Node & { readonly kind: "hashtable"; readonly entries: readonly (readonly [Expression, Statement])[] })
  | (Node & { readonly kind: "script-block"; readonly block: ScriptBlockNode })
  | (Node & { readonly kind: "type"; readonly name: string })
  | (Node & { readonly kind: "cast"; readonly type: string; readonly operand: Expression })
  | (Node & {
      readonly kind: "member";
      readonly target: Expression;
      readonly name: Expression;
      readonly static: boolean;
    })
  | (Node & {
      readonly kind: "invoke";
      readonly target: Expression;
      readonly name: Expression;
      readonly args: readonly Expression[];
      readonly static: boolean;
    })
  | (Node & { readonly kind: "index"; readonly target: Expression; readonly index: Expression })
  | (Node & { readonly kind: "unary"; readonly operator: string; readonly operand: Expression })
  | (Node & { readonly kind: "increment"; readonly by: 1 | -1; readonly prefix: boolean; readonly operand: Expression })
  | (Node & {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    });

export type CommandElement =
  | (Node & { readonly kind: "parameter"; readonly name: string; readonly argument?: Expression })
  | (Node & { readonly kind: "argument"; readonly value: Expression })
  | (Node & { readonly kind: "splat"; readonly name: string });

/** `2>$null`, `2>&1`, `>$null`: from which stream ("*" all) to null, to the output, or to a file. */
export interface Redirection {
  readonly from: string;
  readonly to: "null" | "output" | "file";
}

export interface CommandNode extends Node {
  readonly kind: "command";
  readonly name: Expression;
  /** "" by name, "&" in a scope of its own, "." in the caller's. */
  readonly invocation: "" | "&" | ".";
  readonly elements: readonly CommandElement[];
  readonly redirections: readonly Redirection[];
}

export interface ExpressionStage extends Node {
  readonly kind: "expression";
  readonly expression: Expression;
  readonly redirections: readonly Redirection[];
}

export interface PipelineNode extends Node {
  readonly kind: "pipeline";
  readonly stages: readonly (CommandNode | ExpressionStage)[];
}

export interface AssignmentNode extends Node {
  readonly kind: "assignment";
  readonly target: Expression;
  readonly operator: string;
  readonly value: Statement;
}

export interface CatchClause {
  /** Names of exception types; empty = every error. */
  readonly types: readonly string[];
  readonly body: readonly Statement[];
}

export interface ParameterNode {
  readonly name: string;
  readonly type: string | undefined;
  readonly default: Expression | undefined;
}

export interface ScriptBlockNode extends Node {
  readonly parameters: readonly ParameterNode[];
  readonly begin: readonly Statement[];
  readonly process: readonly Statement[];
  /** What a block without names holds. */
  readonly end: readonly Statement[];
}

export type Statement =
  | PipelineNode
  | AssignmentNode
  | (Node & {
      readonly kind: "if";
      readonly branches: readonly { readonly condition: Statement; readonly body: readonly Statement[] }[];
      readonly otherwise: readonly Statement[];
    })
  | (Node & {
      readonly kind: "foreach";
      readonly variable: string;
      readonly items: Statement;
      readonly body: readonly Statement[];
    })
  | (Node & {
      readonly kind: "for";
      readonly initializer: Statement | undefined;
      readonly condition: Statement | undefined;
      readonly iterator: Statement | undefined;
      readonly body: readonly Statement[];
    })
  | (Node & {
      readonly kind: "loop";
      /** while tests first; do … while and do … until test last. */
      readonly test: "while" | "do-while" | "do-until";
      readonly condition: Statement;
      readonly body: readonly Statement[];
    })
  | (Node & {
      readonly kind: "try";
      readonly body: readonly Statement[];
      readonly catches: readonly CatchClause[];
      readonly finally: readonly Statement[];
    })
  | (Node & {
      readonly kind: "flow";
      readonly word: "break" | "continue" | "return" | "throw" | "exit";
      readonly value: Statement | undefined;
    })
  | (Node & { readonly kind: "function"; readonly name: string; readonly block: ScriptBlockNode });
