/** Cmdlets that make and describe objects: New-Object, ConvertTo-SecureString, Add-Member, Get-Member, Get-Command, whoami. */
import type { CmdletDefinition } from "../cmdlet";
import { inputOf } from "../cmdlet";
import { enumerate, toText, wildcard } from "../conversions";
import { failure } from "../error-record";
import { createComObject, createObject } from "../object-factory";
import { CustomObject, Hashtable, NativeObject, SecureString, typeName } from "../values";
import { inputObject, parameter } from "./parameters";

const newObject: CmdletDefinition = {
  metadata: {
    name: "New-Object",
    implementingType: "Microsoft.PowerShell.Commands.NewObjectCommand",
    defaultSet: "Net",
    parameters: [
      parameter("TypeName", "string", { position: 0, mandatory: true, sets: ["Net"] }),
      parameter("ArgumentList", "object[]", { position: 1, sets: ["Net"], aliases: ["Args"] }),
      parameter("ComObject", "string", { position: 0, mandatory: true, sets: ["Com"] }),
      parameter("Property", "object"),
      parameter("Strict", "switch", { sets: ["Com"] }),
    ],
  },
  async *run({ session, bound }) {
    const programId = bound.text("ComObject");
    const made =
      programId === undefined
        ? createObject(bound.text("TypeName") ?? "", enumerate(bound.value("ArgumentList")), session)
        : createComObject(programId, session);
    const properties = bound.value("Property");
    if (properties instanceof Hashtable && made instanceof CustomObject)
      for (const [name, value] of properties.entries()) made.add(name, value);
    yield made;
  },
};

const convertToSecureString: CmdletDefinition = {
  metadata: {
    name: "ConvertTo-SecureString",
    implementingType: "Microsoft.PowerShell.Commands.ConvertToSecureStringCommand",
    parameters: [
      parameter("String", "string", { position: 0, mandatory: true, pipeline: "value" }),
      parameter("AsPlainText", "switch"),
      parameter("Force", "switch"),
    ],
  },
  async *run(context, input) {
    const { bound, session } = context;
    for await (const item of inputOf(context, input, "String")) {
      const text = toText(item);
      if (!bound.flag("AsPlainText"))
        throw failure(
          "ImportSecureString_InvalidArgument",
          "InvalidArgument",
          "System.FormatException",
          "Input string was not in a correct format.",
        );
      if (!bound.flag("Force"))
        throw failure(
          "ImportSecureString_ForceRequired",
          "InvalidArgument",
          "System.ArgumentException",
          "The system cannot protect plain text input. To suppress this warning and convert the plain text to a SecureString, reissue the command specifying the Force parameter. For more information, type: get-help ConvertTo-SecureString.",
        );
      if (text !== "") session.secrets.add(text);
      yield new SecureString(text);
    }
  },
};

const addMember: CmdletDefinition = {
  metadata: {
    name: "Add-Member",
    implementingType: "Microsoft.PowerShell.Commands.AddMemberCommand",
    parameters: [
      inputObject,
      parameter("NotePropertyName", "string", { position: 0, mandatory: true, aliases: ["Name"] }),
      parameter("NotePropertyValue", "object", { position: 1, mandatory: true, allowNull: true, aliases: ["Value"] }),
      parameter("MemberType", "string"),
      parameter("PassThru", "switch"),
      parameter("Force", "switch"),
    ],
  },
  async *run(context, input) {
    const { bound } = context;
    for await (const item of inputOf(context, input)) {
      if (item instanceof CustomObject)
        item.add(bound.text("NotePropertyName") ?? "", bound.value("NotePropertyValue"));
      if (bound.flag("PassThru")) yield item;
    }
  },
};

const getMemberCmdlet: CmdletDefinition = {
  metadata: {
    name: "Get-Member",
    implementingType: "Microsoft.PowerShell.Commands.GetMemberCommand",
    parameters: [inputObject, parameter("Name", "string", { position: 0 }), parameter("MemberType", "string")],
  },
  async *run(context, input) {
    const seen = new Set<string>();
    const pattern = wildcard(context.bound.text("Name") ?? "*");
    for await (const item of inputOf(context, input)) {
      const type = typeName(item);
      if (seen.has(type)) continue;
      seen.add(type);
      const properties = item instanceof NativeObject ? item.properties() : [];
      for (const [name, value] of properties.toSorted((a, b) => a[0].localeCompare(b[0])))
        if (pattern.test(name))
          yield new CustomObject(
            [
              ["TypeName", type],
              ["Name", name],
              ["MemberType", "Property"],
              ["Definition", `${typeName(value)} ${name} {get;set;}`],
            ],
            ["Microsoft.PowerShell.Commands.MemberDefinition"],
          );
    }
  },
};

const getCommand: CmdletDefinition = {
  metadata: {
    name: "Get-Command",
    implementingType: "Microsoft.PowerShell.Commands.GetCommandCommand",
    parameters: [
      parameter("Name", "string[]", { position: 0, pipeline: "value" }),
      parameter("Module", "string[]"),
      parameter("CommandType", "string"),
    ],
  },
  async *run(context) {
    const names = context.bound.has("Name") ? context.bound.texts("Name") : ["*"];
    for (const name of names) {
      const found = context.session.cmdlets.all().filter(({ metadata }) => wildcard(name).test(metadata.name));
      if (found.length === 0 && !/[*?]/.test(name))
        context.writeError(
          failure(
            "CommandNotFoundException",
            "ObjectNotFound",
            "System.Management.Automation.CommandNotFoundException",
            `The term '${name}' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again.`,
            { name, type: "String", terminating: false },
          ),
        );
      for (const { metadata } of found)
        yield new CustomObject(
          [
            ["CommandType", "Cmdlet"],
            ["Name", metadata.name],
            ["Version", ""],
            ["Source", /-Cs/.test(metadata.name) ? "Lync" : "Microsoft.PowerShell.Core"],
          ],
          ["System.Management.Automation.CmdletInfo"],
          metadata.name,
        );
    }
  },
};

const whoami: CmdletDefinition = {
  metadata: { name: "whoami", implementingType: "whoami.exe", parameters: [] },
  async *run({ session }) {
    yield session.identity.account.toLowerCase();
  },
};

export const objectCmdlets: readonly CmdletDefinition[] = [
  newObject,
  convertToSecureString,
  addMember,
  getMemberCmdlet,
  getCommand,
  whoami,
  { ...whoami, metadata: { ...whoami.metadata, name: "whoami.exe" } },
];
