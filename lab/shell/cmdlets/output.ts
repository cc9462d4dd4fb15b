/** Cmdlets that write and convert: Write-Output, Write-Error, Write-Host, Out-String, Out-Null, ConvertTo-Json, ConvertFrom-Json, Get-Date, Start-Sleep. */
import { setTimeout as delay } from "node:timers/promises";
import type { CmdletDefinition } from "../cmdlet";
import { inputOf } from "../cmdlet";
import { enumerate, toText } from "../conversions";
import { DateTime } from "../date-time";
import { ErrorRecord, failure } from "../error-record";
import { formatList, formatObjects, formatTable } from "../format-objects";
import { convertFromJson, convertToJson } from "../json";
import { collect } from "../signals";
import type { Value } from "../values";
import { convertTo } from "../static-types";
import { inputObject, parameter } from "./parameters";

const writeOutput: CmdletDefinition = {
  metadata: {
    name: "Write-Output",
    implementingType: "Microsoft.PowerShell.Commands.WriteOutputCommand",
    parameters: [
      parameter("InputObject", "object", {
        position: 0,
        pipeline: "value",
        mandatory: true,
        allowNull: true,
        remaining: true,
      }),
      parameter("NoEnumerate", "switch"),
    ],
  },
  async *run(context, input) {
    for await (const item of inputOf(context, input)) {
      if (context.bound.flag("NoEnumerate")) yield item;
      else yield* enumerate(item);
    }
  },
};

const writeError: CmdletDefinition = {
  metadata: {
    name: "Write-Error",
    implementingType: "Microsoft.PowerShell.Commands.WriteErrorException",
    parameters: [
      parameter("Message", "string", {
        position: 0,
        pipeline: "value",
        mandatory: true,
        sets: ["NoException"],
        aliases: ["Msg"],
      }),
      parameter("ErrorRecord", "object", { mandatory: true, sets: ["ErrorRecord"] }),
      parameter("Category", "string", { sets: ["NoException"] }),
      parameter("ErrorId", "string", { sets: ["NoException"] }),
      parameter("TargetObject", "object", { sets: ["NoException"] }),
    ],
    defaultSet: "NoException",
  },
  async *run(context, input) {
    const { bound } = context;
    const record = bound.value("ErrorRecord");
    const messages =
      record instanceof ErrorRecord ? [record.message] : await collect(inputOf(context, input, "Message"));
    for (const message of messages)
      context.writeError(
        failure(
          bound.text("ErrorId") ?? "Microsoft.PowerShell.Commands.WriteErrorException",
          bound.text("Category") ?? "NotSpecified",
          "Microsoft.PowerShell.Commands.WriteErrorException",
          toText(message),
          {
            terminating: false,
          },
        ),
      );
  },
};

const writeHost: CmdletDefinition = {
  metadata: {
    name: "Write-Host",
    implementingType: "Microsoft.PowerShell.Commands.WriteHostCommand",
    parameters: [
      parameter("Object", "object", { position: 0, pipeline: "value", remaining: true }),
      parameter("NoNewline", "switch"),
      parameter("Separator", "string"),
      parameter("ForegroundColor", "string"),
      parameter("BackgroundColor", "string"),
    ],
  },
  async *run(context, input) {
    const { session, bound } = context;
    const separator = bound.text("Separator") ?? " ";
    for await (const item of inputOf(context, input, "Object"))
      session.console.write(
        enumerate(item)
          .map((one) => toText(one))
          .join(separator) + (bound.flag("NoNewline") ? "" : session.newLine),
      );
  },
};

/** Warning, verbose and debug streams end on the console with their word, when their preference lets them. */
function writeStream(name: string, word: string, preference: string, shown: string): CmdletDefinition {
  return {
    metadata: {
      name: `Write-${name}`,
      implementingType: `Microsoft.PowerShell.Commands.Write${name}Command`,
      parameters: [parameter("Message", "string", { position: 0, pipeline: "value", mandatory: true })],
    },
    async *run(context, input) {
      const { session, bound } = context;
      const wanted = toText(session.read(preference, session.global)).toLowerCase() === shown || bound.flag(name);
      for await (const item of inputOf(context, input, "Message"))
        if (wanted) session.console.write(`${word}: ${toText(item)}${session.newLine}`);
    },
  };
}

const outString: CmdletDefinition = {
  metadata: {
    name: "Out-String",
    implementingType: "Microsoft.PowerShell.Commands.OutStringCommand",
    parameters: [inputObject, parameter("Width", "integer"), parameter("Stream", "switch")],
  },
  async *run(context, input) {
    const text = formatObjects(await collect(inputOf(context, input)));
    if (context.bound.flag("Stream")) yield* text.replace(/\n$/, "").split("\n");
    else yield text.replace(/\n/g, context.session.newLine);
  },
};

const outNull: CmdletDefinition = {
  metadata: {
    name: "Out-Null",
    implementingType: "Microsoft.PowerShell.Commands.OutNullCommand",
    parameters: [inputObject],
  },
  async *run(context, input) {
    await collect(inputOf(context, input));
  },
};

function format(name: string, formatter: (values: readonly Value[]) => string): CmdletDefinition {
  return {
    metadata: {
      name,
      implementingType: `Microsoft.PowerShell.Commands.${name.replace("-", "")}Command`,
      parameters: [inputObject, parameter("AutoSize", "switch"), parameter("Wrap", "switch")],
    },
    async *run(context, input) {
      yield formatter(await collect(inputOf(context, input))).replace(/\n$/, "");
    },
  };
}

const toJson: CmdletDefinition = {
  metadata: {
    name: "ConvertTo-Json",
    implementingType: "Microsoft.PowerShell.Commands.ConvertToJsonCommand",
    parameters: [
      parameter("InputObject", "object", { position: 0, pipeline: "value", mandatory: true, allowNull: true }),
      parameter("Depth", "integer"),
      parameter("Compress", "switch"),
    ],
  },
  async *run(context, input) {
    const { bound } = context;
    // A list that comes through the pipeline has lost its brackets: one item is written as a scalar.
    const items = (await collect(inputOf(context, input))).filter((item) => item !== null && item !== undefined);
    if (items.length === 0) return;
    yield convertToJson(items.length === 1 ? items[0] : items, bound.number("Depth") ?? 2, bound.flag("Compress"));
  },
};

const fromJson: CmdletDefinition = {
  metadata: {
    name: "ConvertFrom-Json",
    implementingType: "Microsoft.PowerShell.Commands.ConvertFromJsonCommand",
    parameters: [parameter("InputObject", "string", { position: 0, pipeline: "value", mandatory: true })],
  },
  async *run(context, input) {
    const lines = (await collect(inputOf(context, input))).map((line) => toText(line));
    // 5.1 hands a list on as one object.
    if (lines.join("").trim() !== "") yield convertFromJson(lines.join("\n"));
  },
};

const getDate: CmdletDefinition = {
  metadata: {
    name: "Get-Date",
    implementingType: "Microsoft.PowerShell.Commands.GetDateCommand",
    parameters: [
      parameter("Date", "object", { position: 0, pipeline: "value" }),
      parameter("Format", "string"),
      parameter("UFormat", "string"),
    ],
  },
  async *run({ bound }) {
    const date = bound.has("Date") ? convertTo("datetime", bound.value("Date")) : new DateTime(Date.now(), false);
    const how = bound.text("Format");
    yield how !== undefined && date instanceof DateTime ? date.format(how) : date;
  },
};

const startSleep: CmdletDefinition = {
  metadata: {
    name: "Start-Sleep",
    implementingType: "Microsoft.PowerShell.Commands.StartSleepCommand",
    defaultSet: "Seconds",
    parameters: [
      parameter("Seconds", "integer", { position: 0, mandatory: true, sets: ["Seconds"] }),
      parameter("Milliseconds", "integer", { mandatory: true, sets: ["Milliseconds"], aliases: ["ms"] }),
    ],
  },
  async *run({ bound }) {
    await delay(bound.number("Milliseconds") ?? (bound.number("Seconds") ?? 0) * 1000);
  },
};

export const outputCmdlets: readonly CmdletDefinition[] = [
  writeOutput,
  writeError,
  writeHost,
  writeStream("Warning", "WARNING", "WarningPreference", "continue"),
  writeStream("Verbose", "VERBOSE", "VerbosePreference", "continue"),
  writeStream("Debug", "DEBUG", "DebugPreference", "continue"),
  outString,
  outNull,
  format("Format-List", formatList),
  format("Format-Table", formatTable),
  toJson,
  fromJson,
  getDate,
  startSleep,
];
