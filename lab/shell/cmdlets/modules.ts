/** Import-Module and Get-Module, for the management tools' module and no other. */
import type { CmdletDefinition } from "../cmdlet";
import { wildcard } from "../conversions";
import { failure } from "../error-record";
import { CustomObject, type Value } from "../values";
import { parameter } from "./parameters";

/** @param modules names of the modules on this host; their cmdlets are loaded by use already */
export function moduleCmdlets(modules: readonly string[]): CmdletDefinition[] {
  const describe = (name: string): Value =>
    new CustomObject(
      [
        ["ModuleType", "Manifest"],
        ["Version", "1.0"],
        ["Name", name],
      ],
      ["System.Management.Automation.PSModuleInfo"],
      name,
    );
  const importModule: CmdletDefinition = {
    metadata: {
      name: "Import-Module",
      implementingType: "Microsoft.PowerShell.Commands.ImportModuleCommand",
      parameters: [
        parameter("Name", "string[]", { position: 0, mandatory: true, pipeline: "value" }),
        ...["Force", "PassThru", "DisableNameChecking", "Global"].map((name) => parameter(name, "switch")),
      ],
    },
    async *run(context) {
      for (const name of context.bound.texts("Name")) {
        const found = modules.find((module) => module.toLowerCase() === name.toLowerCase());
        if (found === undefined)
          context.writeError(
            failure(
              "Modules_ModuleNotFound",
              "ResourceUnavailable",
              "System.IO.FileNotFoundException",
              `The specified module '${name}' was not loaded because no valid module file was found in any module directory.`,
              { name, type: "String", terminating: false },
            ),
          );
        else if (context.bound.flag("PassThru")) yield describe(found);
      }
    },
  };
  const getModule: CmdletDefinition = {
    metadata: {
      name: "Get-Module",
      implementingType: "Microsoft.PowerShell.Commands.GetModuleCommand",
      parameters: [parameter("Name", "string[]", { position: 0 }), parameter("ListAvailable", "switch")],
    },
    async *run({ bound }) {
      const patterns = bound.has("Name") ? bound.texts("Name") : ["*"];
      yield* modules.filter((name) => patterns.some((pattern) => wildcard(pattern).test(name))).map(describe);
    },
  };
  return [importModule, getModule];
}
