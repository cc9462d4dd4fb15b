/** Parameters of functions and script blocks. */
import type { CmdletMetadata, ParameterMetadata } from "../control-protocol";
import type { ParameterNode, ScriptBlockNode } from "./ast";
import { type Argument, bind } from "./binder";
import { type Frame, evaluate } from "./evaluator";
import type { Interpreter } from "./interpreter";
import { convertTo } from "./static-types";
import { enumerate } from "./conversions";

/** Sets the block's parameters and $args in the frame's scope. */
export async function bindScriptParameters(
  interpreter: Interpreter,
  node: ScriptBlockNode,
  name: string,
  args: readonly Argument[],
  frame: Frame,
): Promise<void> {
  const { bound } = bind(metadataOf(node, name), args, false);
  const { variables } = frame.scope;
  variables.set("args", [...enumerate(bound.value("args"))]);
  for (const parameter of node.parameters) {
    if (bound.has(parameter.name)) {
      const value = bound.value(parameter.name);
      variables.set(
        parameter.name.toLowerCase(),
        typed(parameter) ? convertTo(parameter.type as string, value) : value,
      );
    } else
      variables.set(
        parameter.name.toLowerCase(),
        parameter.default === undefined
          ? parameter.type === "switch"
            ? false
            : null
          : await evaluate(interpreter, parameter.default, frame),
      );
  }
}

function typed(parameter: ParameterNode): boolean {
  return parameter.type !== undefined && parameter.type !== "switch";
}

function metadataOf(node: ScriptBlockNode, name: string): CmdletMetadata {
  const declared = node.parameters.map((parameter, position): ParameterMetadata => {
    return parameter.type === "switch"
      ? { name: parameter.name, type: "switch" }
      : { name: parameter.name, type: "object", position };
  });
  return {
    name,
    implementingType: name,
    parameters: [...declared, { name: "args", type: "object[]", remaining: true }],
  };
}
