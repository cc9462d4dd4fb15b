/** Parameter binding (about_Parameters, about_Parameter_Sets, about_CommonParameters) with PowerShell's own errors. */
import type { CmdletMetadata, ParameterMetadata } from "../control-protocol";
import { BoundParameters } from "./cmdlet";
import { toBoolean, toText, tryNumber } from "./conversions";
import { type CmdletFailure, failure } from "./error-record";
import { ScriptBlock } from "./session";
import { EnumerationMember, type Value, isNull, shortTypeName, typeName } from "./values";

/** An argument as written: by name, by name with a colon, or by position. */
export interface Argument {
  readonly name?: string;
  /** `-Name:value`: the value belongs to the name whatever its type. */
  readonly colon: boolean;
  readonly value: Value;
  /** A name without a value: a switch, or a parameter whose value follows as the next argument. */
  readonly bare: boolean;
}

const common = (name: string, type: ParameterMetadata["type"], ...aliases: string[]): ParameterMetadata => {
  return { name, type, aliases };
};

/** Parameters that every cmdlet has. */
const COMMON: readonly ParameterMetadata[] = [
  common("Verbose", "switch", "vb"),
  common("Debug", "switch", "db"),
  {
    ...common("ErrorAction", "string", "ea"),
    typeName: "System.Management.Automation.ActionPreference",
    values: ["SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend"],
  },
  common("WarningAction", "string", "wa"),
  common("InformationAction", "string", "infa"),
  common("ErrorVariable", "string", "ev"),
  common("WarningVariable", "string", "wv"),
  common("InformationVariable", "string", "iv"),
  common("OutVariable", "string", "ov"),
  common("OutBuffer", "integer", "ob"),
  common("PipelineVariable", "string", "pv"),
];

const SHOULD_PROCESS: readonly ParameterMetadata[] = [
  common("WhatIf", "switch", "wi"),
  common("Confirm", "switch", "cf"),
];

const TYPE_NAMES: Record<ParameterMetadata["type"], string> = {
  switch: "System.Management.Automation.SwitchParameter",
  boolean: "System.Boolean",
  string: "System.String",
  "string[]": "System.String[]",
  integer: "System.Int32",
  object: "System.Object",
  "object[]": "System.Object[]",
  script: "System.Management.Automation.ScriptBlock",
};

function bindingFailure(errorId: string, message: string, category = "InvalidArgument"): CmdletFailure {
  return failure(errorId, category, "System.Management.Automation.ParameterBindingException", message);
}

/** What binding found. */
export interface Binding {
  readonly bound: BoundParameters;
  readonly parameterSet: string;
}

/**
 * Binds arguments to parameters. Throws CmdletFailure: NamedParameterNotFound, AmbiguousParameter, ParameterAlreadyBound,
 * MissingArgument, PositionalParameterNotFound, AmbiguousParameterSet, MissingMandatoryParameter, CannotConvertArgument….
 *
 * @param piped whether objects come through the pipeline: they may fill a mandatory parameter
 */
export function bind(metadata: CmdletMetadata, args: readonly Argument[], piped: boolean): Binding {
  const declared = [...metadata.parameters, ...(metadata.shouldProcess === true ? SHOULD_PROCESS : []), ...COMMON];
  const named = new Map<ParameterMetadata, Value>();
  const positional: Value[] = [];
  const give = (parameter: ParameterMetadata, value: Value): void => {
    if (named.has(parameter))
      throw bindingFailure(
        "ParameterAlreadyBound",
        `Cannot bind parameter because parameter '${parameter.name}' is specified more than once. To provide multiple values to parameters that can accept multiple values, use the array syntax. For example, "-parameter value1,value2,value3".`,
      );
    named.set(parameter, convert(parameter, value));
  };
  for (let at = 0; at < args.length; at += 1) {
    const argument = args[at] as Argument;
    if (argument.name === undefined) {
      positional.push(argument.value);
      continue;
    }
    const parameter = findParameter(declared, argument.name);
    if (!argument.bare) give(parameter, argument.value);
    else if (parameter.type === "switch") give(parameter, true);
    else {
      const next = args[at + 1];
      if (next === undefined || next.name !== undefined)
        throw bindingFailure(
          "MissingArgument",
          `Missing an argument for parameter '${parameter.name}'. Specify a parameter of type '${parameter.typeName ?? TYPE_NAMES[parameter.type]}' and try again.`,
        );
      give(parameter, next.value);
      at += 1;
    }
  }
  let sets = candidateSets(metadata, [...named.keys()]);
  bindPositional(metadata, positional, named, sets);
  sets = candidateSets(metadata, [...named.keys()]);
  const parameterSet = resolveSet(metadata, sets, named, piped);
  const bound = new BoundParameters();
  for (const [parameter, value] of named) bound.set(parameter.name, value);
  return { bound, parameterSet };
}

function findParameter(declared: readonly ParameterMetadata[], name: string): ParameterMetadata {
  const wanted = name.toLowerCase();
  const names = (parameter: ParameterMetadata): string[] => [parameter.name, ...(parameter.aliases ?? [])];
  const exact = declared.find((parameter) => names(parameter).some((other) => other.toLowerCase() === wanted));
  if (exact !== undefined) return exact;
  const matches = declared.filter((parameter) =>
    names(parameter).some((other) => other.toLowerCase().startsWith(wanted)),
  );
  if (matches.length > 1)
    throw bindingFailure(
      "AmbiguousParameter",
      `Parameter cannot be processed because the parameter name '${name}' is ambiguous. Possible matches include:${matches.map((match) => ` -${match.name}`).join("")}.`,
    );
  if (matches[0] === undefined)
    throw bindingFailure(
      "NamedParameterNotFound",
      `A parameter cannot be found that matches parameter name '${name}'.`,
    );
  return matches[0];
}

/** Sets that are still possible: those that have every parameter which was given. */
function candidateSets(metadata: CmdletMetadata, given: readonly ParameterMetadata[]): string[] {
  const all = [...new Set(metadata.parameters.flatMap((parameter) => parameter.sets ?? []))];
  if (all.length === 0) return ["__AllParameterSets"];
  const left = all.filter((set) => given.every((parameter) => parameter.sets?.includes(set) ?? true));
  if (left.length === 0)
    throw bindingFailure(
      "AmbiguousParameterSet",
      "Parameter set cannot be resolved using the specified named parameters.",
    );
  return left;
}

function bindPositional(
  metadata: CmdletMetadata,
  positional: readonly Value[],
  named: Map<ParameterMetadata, Value>,
  sets: readonly string[],
): void {
  const preferred =
    metadata.defaultSet !== undefined && sets.includes(metadata.defaultSet) ? [metadata.defaultSet] : sets;
  const open = metadata.parameters
    .filter((parameter) => parameter.position !== undefined && !named.has(parameter))
    .filter((parameter) => parameter.sets === undefined || parameter.sets.some((set) => preferred.includes(set)))
    .sort((a, b) => (a.position as number) - (b.position as number));
  positional.forEach((value, index) => {
    const parameter = open.shift();
    if (parameter === undefined) {
      const rest = metadata.parameters.find((one) => one.remaining === true);
      if (rest !== undefined && !named.has(rest)) {
        named.set(rest, positional.slice(index));
        return;
      }
      if (rest !== undefined) return;
      throw bindingFailure(
        "PositionalParameterNotFound",
        `A positional parameter cannot be found that accepts argument '${toText(value)}'.`,
      );
    }
    if (parameter.remaining === true) {
      const values = positional.slice(index);
      named.set(parameter, convert(parameter, values.length === 1 ? values[0] : values));
      open.length = 0;
      return;
    }
    named.set(parameter, convert(parameter, value));
  });
}

function resolveSet(
  metadata: CmdletMetadata,
  sets: readonly string[],
  named: ReadonlyMap<ParameterMetadata, Value>,
  piped: boolean,
): string {
  const missing = (set: string): ParameterMetadata[] =>
    metadata.parameters.filter((parameter) => {
      if (!isMandatory(parameter, set) || named.has(parameter)) return false;
      if (parameter.sets !== undefined && !parameter.sets.includes(set)) return false;
      return !(piped && parameter.pipeline !== undefined);
    });
  const complete = sets.filter((set) => missing(set).length === 0);
  const fallback = metadata.defaultSet;
  if (fallback !== undefined && complete.includes(fallback)) return fallback;
  if (complete.length === 1) return complete[0] as string;
  if (complete.length > 1)
    throw bindingFailure(
      "AmbiguousParameterSet",
      "Parameter set cannot be resolved using the specified named parameters.",
    );
  const chosen = fallback !== undefined && sets.includes(fallback) ? fallback : (sets[0] as string);
  const names = missing(chosen).map((parameter) => parameter.name);
  throw bindingFailure(
    "MissingMandatoryParameter",
    `Cannot process command because of one or more missing mandatory parameters: ${names.join(" ")}.`,
  );
}

function isMandatory({ mandatory }: ParameterMetadata, set: string): boolean {
  return typeof mandatory === "object" ? mandatory.includes(set) : mandatory === true;
}

function convert(parameter: ParameterMetadata, value: Value): Value {
  const type = parameter.typeName ?? TYPE_NAMES[parameter.type];
  const cannot = (error: string): CmdletFailure =>
    bindingFailure(
      "CannotConvertArgumentNoMessage",
      `Cannot bind parameter '${parameter.name}'. Cannot convert ${typeof value === "string" ? `value "${value}"` : `the "${toText(value)}" value of type "${typeName(value)}"`} to type "${type}". ${error}`.trim(),
    );
  if (
    isNull(value) &&
    parameter.mandatory !== undefined &&
    parameter.mandatory !== false &&
    parameter.allowNull !== true
  )
    throw bindingFailure(
      "ParameterArgumentValidationErrorNullNotAllowed",
      `Cannot bind argument to parameter '${parameter.name}' because it is null.`,
      "InvalidData",
    );
  switch (parameter.type) {
    case "switch":
    case "boolean":
      if (typeof value === "string" || isNull(value))
        throw cannot("Boolean parameters accept only Boolean values and numbers, such as $True, $False, 1 or 0.");
      return toBoolean(value);
    case "integer": {
      const number = tryNumber(value);
      if (number === undefined) throw cannot('Error: "Input string was not in a correct format."');
      return Math.round(number);
    }
    case "string":
      if (Array.isArray(value) && parameter.values === undefined) {
        if (value.length === 1) return toText(value[0]);
        throw bindingFailure(
          "CannotConvertArgument",
          `Cannot convert '${shortTypeName(value)}' to the type '${type}' required by parameter '${parameter.name}'. Specified method is not supported.`,
        );
      }
      return parameter.values === undefined ? toText(value) : enumerationMember(parameter, value, cannot);
    case "string[]":
      return (Array.isArray(value) ? value : [value]).map((item) => toText(item));
    case "object[]":
      return Array.isArray(value) ? value : [value];
    case "script":
      if (!(value instanceof ScriptBlock)) throw cannot("");
      return value;
    default:
      return value ?? null;
  }
}

function enumerationMember(
  parameter: ParameterMetadata,
  value: Value,
  cannot: (error: string) => CmdletFailure,
): Value {
  const values = parameter.values as readonly string[];
  const text = value instanceof EnumerationMember ? value.name : toText(value);
  const found =
    values.find((name) => name.toLowerCase() === text.toLowerCase()) ?? values[/^\d+$/.test(text) ? Number(text) : -1];
  if (found !== undefined) return found;
  throw cannot(
    `Error: "Unable to match the identifier name ${text} to a valid enumerator name. Specify one of the following enumerator names and try again: ${values.join(", ")}"`,
  );
}
