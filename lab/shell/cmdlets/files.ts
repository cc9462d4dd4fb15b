/** Cmdlets of the FileSystem provider, over the lab's Windows files: Test-Path, Get-Item, Get-ChildItem, Get-Content, Set-Content, Add-Content, Remove-Item, New-Item, Move-Item. */
import type { CmdletContext, CmdletDefinition } from "../cmdlet";
import { enumerate, toText, wildcard } from "../conversions";
import { DateTime } from "../date-time";
import { type CmdletFailure, failure } from "../error-record";
import { type FileEntry, type FileSystem, leafOf, parentOf, volumeOf } from "../file-system";
import { getMember } from "../members";
import { bytesOf } from "../static-type";
import { collect } from "../signals";
import { CustomObject, NativeObject, type Value } from "../values";
import { WindowsError } from "../../windows/files";
import { parameter } from "./parameters";

const PATH = [
  parameter("Path", "string[]", { position: 0, mandatory: true, pipeline: "property", sets: ["Path"] }),
  parameter("LiteralPath", "string[]", {
    mandatory: true,
    pipeline: "property",
    sets: ["LiteralPath"],
    aliases: ["PSPath"],
  }),
];
const ENCODING = parameter("Encoding", "string");
const FORCE = parameter("Force", "switch");

function notFound(path: string): CmdletFailure {
  return failure(
    "PathNotFound",
    "ObjectNotFound",
    "System.Management.Automation.ItemNotFoundException",
    `Cannot find path '${path}' because it does not exist.`,
    { name: path, type: "String", terminating: false },
  );
}

/** What the operating system refused, in the provider's words. */
function refused(error: unknown, path: string, errorId: string): CmdletFailure {
  if (!(error instanceof WindowsError)) throw error;
  switch (error.code) {
    case 5:
      return failure(
        errorId,
        "PermissionDenied",
        "System.UnauthorizedAccessException",
        `Access to the path '${path}' is denied.`,
        { name: path, type: "String", terminating: false },
      );
    case 2:
      return notFound(path);
    case 3:
      return failure(
        errorId.replace(/UnauthorizedAccess(?:Exception|Error)$/, "DirectoryNotFoundError"),
        "ObjectNotFound",
        "System.IO.DirectoryNotFoundException",
        `Could not find a part of the path '${path}'.`,
        { name: path, type: "String", terminating: false },
      );
    default:
      return failure(
        errorId.replace(/UnauthorizedAccess(?:Exception|Error)$/, "IOError"),
        "WriteError",
        "System.IO.IOException",
        error.message,
        { name: path, type: "String", terminating: false },
      );
  }
}

/** The FileSystem provider; without drives every path names one that does not exist. */
function filesOf({ session }: CmdletContext, path: string): FileSystem {
  if (session.files !== undefined && volumeOf(path) !== "") return session.files;
  const drive = /^([A-Za-z]+):/.exec(path)?.[1] ?? path;
  throw failure(
    "DriveNotFound",
    "ObjectNotFound",
    "System.Management.Automation.DriveNotFoundException",
    `Cannot find drive. A drive with the name '${drive}' does not exist.`,
    { name: drive, type: "String" },
  );
}

/** Paths that were given or that come through the pipeline as texts or files. */
async function pathsOf(context: CmdletContext, input: AsyncIterable<Value>): Promise<string[]> {
  const { bound } = context;
  if (bound.has("Path") || bound.has("LiteralPath")) return [...bound.texts("Path"), ...bound.texts("LiteralPath")];
  return (await collect(input)).map((item) => {
    const full = item instanceof NativeObject ? getMember(item, "FullName") : item;
    return toText(full).replace(/^Microsoft\.PowerShell\.Core\\FileSystem::/, "");
  });
}

function fileObject(entry: FileEntry): CustomObject {
  const parent = parentOf(entry.path);
  const written = new DateTime(entry.written, false);
  const properties: (readonly [string, Value])[] = [
    ["Mode", entry.directory ? "d-----" : "-a----"],
    ["LastWriteTime", written],
    ...(entry.directory ? [] : [["Length", entry.length] as const]),
    ["Name", entry.name],
    ["FullName", entry.path],
    ["BaseName", entry.name.replace(/\.[^.]*$/, "")],
    ["Extension", /\.[^.]*$/.exec(entry.name)?.[0] ?? ""],
    ["PSIsContainer", entry.directory],
    [entry.directory ? "Parent" : "DirectoryName", parent],
    ["Exists", true],
    ["LastWriteTimeUtc", new DateTime(entry.written, true)],
    ["PSPath", `Microsoft.PowerShell.Core\\FileSystem::${entry.path}`],
  ];
  return new CustomObject(
    properties,
    [entry.directory ? "System.IO.DirectoryInfo" : "System.IO.FileInfo", "System.IO.FileSystemInfo"],
    entry.directory ? entry.path : entry.name,
  );
}

/** Resolves the wildcards of a path's last part; a plain path must exist. Reports what cannot be found or read. */
function resolve(context: CmdletContext, path: string, errorId: string): FileEntry[] {
  const files = filesOf(context, path);
  try {
    if (context.bound.has("LiteralPath") || !/[*?]/.test(path)) {
      const entry = files.entry(path);
      if (entry !== undefined) return [entry];
      context.writeError(notFound(path), path);
      return [];
    }
    const pattern = wildcard(leafOf(path));
    return files.list(parentOf(path)).filter(({ name }) => pattern.test(name));
  } catch (error) {
    context.writeError(refused(error, path, errorId), path);
    return [];
  }
}

const testPath: CmdletDefinition = {
  metadata: {
    name: "Test-Path",
    implementingType: "Microsoft.PowerShell.Commands.TestPathCommand",
    parameters: [...PATH, parameter("PathType", "string", { values: ["Any", "Container", "Leaf"], aliases: ["Type"] })],
    defaultSet: "Path",
  },
  async *run(context, input) {
    const type = (context.bound.text("PathType") ?? "Any").toLowerCase();
    for (const path of await pathsOf(context, input)) {
      const fits = ({ directory }: FileEntry): boolean => type === "any" || directory === (type === "container");
      try {
        const files = filesOf(context, path);
        const found =
          /[*?]/.test(path) && !context.bound.has("LiteralPath")
            ? files.list(parentOf(path)).filter(({ name }) => wildcard(leafOf(path)).test(name))
            : [files.entry(path)];
        yield found.some((entry) => entry !== undefined && fits(entry));
      } catch (error) {
        // A share or drive that is not there is no error to Test-Path; a right that is missing is.
        if (error instanceof WindowsError && error.code === 5)
          context.writeError(refused(error, path, "ItemExistsUnauthorizedAccessError"), path);
        yield false;
      }
    }
  },
};

const getItem: CmdletDefinition = {
  metadata: {
    name: "Get-Item",
    implementingType: "Microsoft.PowerShell.Commands.GetItemCommand",
    parameters: [...PATH, FORCE],
    defaultSet: "Path",
  },
  async *run(context, input) {
    for (const path of await pathsOf(context, input))
      for (const entry of resolve(context, path, "ItemUnauthorizedAccessError")) yield fileObject(entry);
  },
};

const getChildItem: CmdletDefinition = {
  metadata: {
    name: "Get-ChildItem",
    implementingType: "Microsoft.PowerShell.Commands.GetChildItemCommand",
    parameters: [
      ...PATH,
      parameter("Filter", "string", { position: 1 }),
      parameter("Include", "string[]"),
      parameter("Recurse", "switch"),
      parameter("File", "switch"),
      parameter("Directory", "switch"),
      parameter("Name", "switch"),
      FORCE,
    ],
    defaultSet: "Path",
  },
  async *run(context, input) {
    const { bound } = context;
    const patterns = [...(bound.has("Filter") ? [bound.text("Filter") as string] : []), ...bound.texts("Include")].map(
      (pattern) => wildcard(pattern),
    );
    const wanted = (entry: FileEntry): boolean =>
      patterns.every((pattern) => pattern.test(entry.name)) &&
      !(bound.flag("File") && entry.directory) &&
      !(bound.flag("Directory") && !entry.directory);
    const list = function* (path: string): Generator<Value> {
      let entries: FileEntry[];
      try {
        entries = filesOf(context, path).list(path);
      } catch (error) {
        context.writeError(refused(error, path, "DirUnauthorizedAccessError"), path);
        return;
      }
      for (const entry of entries) {
        if (wanted(entry)) yield bound.flag("Name") ? entry.name : fileObject(entry);
        if (bound.flag("Recurse") && entry.directory) yield* list(entry.path);
      }
    };
    for (const path of await pathsOf(context, input))
      for (const entry of resolve(context, path, "DirUnauthorizedAccessError")) {
        if (entry.directory && !/[*?]/.test(path)) yield* list(entry.path);
        else if (wanted(entry)) yield bound.flag("Name") ? entry.name : fileObject(entry);
      }
  },
};

/** Text of a file: by its byte order mark, else as -Encoding says, else ANSI, which is Latin-1 here. */
function decode(bytes: Uint8Array, encoding: string | undefined): string {
  const buffer = Buffer.from(bytes);
  if (buffer[0] === 0xff && buffer[1] === 0xfe) return buffer.subarray(2).toString("utf16le");
  if (buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) return buffer.subarray(3).toString("utf8");
  if (encoding === "unicode") return buffer.toString("utf16le");
  return buffer.toString(encoding === "utf8" ? "utf8" : "latin1");
}

/** Bytes of a text; 5.1 writes a byte order mark for UTF8 and Unicode at the start of a file. */
function encode(text: string, encoding: string | undefined, atStart: boolean): Uint8Array {
  if (encoding === "unicode") return Buffer.from((atStart ? "\ufeff" : "") + text, "utf16le");
  if (encoding === "utf8") return Buffer.from((atStart ? "\ufeff" : "") + text, "utf8");
  return Buffer.from(text, "latin1");
}

const getContent: CmdletDefinition = {
  metadata: {
    name: "Get-Content",
    implementingType: "Microsoft.PowerShell.Commands.GetContentCommand",
    parameters: [
      ...PATH,
      parameter("Raw", "switch"),
      parameter("TotalCount", "integer", { aliases: ["First", "Head"] }),
      ENCODING,
    ],
    defaultSet: "Path",
  },
  async *run(context, input) {
    const { bound } = context;
    const encoding = bound.text("Encoding")?.toLowerCase();
    const most = bound.number("TotalCount") ?? Infinity;
    for (const path of await pathsOf(context, input))
      for (const entry of resolve(context, path, "GetContentReaderUnauthorizedAccessError")) {
        try {
          const bytes = filesOf(context, path).read(entry.path);
          if (encoding === "byte") yield* [...bytes].slice(0, most);
          else if (bound.flag("Raw")) yield decode(bytes, encoding);
          else
            yield* decode(bytes, encoding)
              .replace(/\r?\n$/, "")
              .split(/\r?\n/)
              .slice(0, most);
        } catch (error) {
          context.writeError(refused(error, entry.path, "GetContentReaderUnauthorizedAccessError"), path);
        }
      }
  },
};

function writeContent(name: "Set-Content" | "Add-Content"): CmdletDefinition {
  return {
    metadata: {
      name,
      implementingType: `Microsoft.PowerShell.Commands.${name.replace("-", "")}Command`,
      parameters: [
        ...PATH,
        parameter("Value", "object[]", { position: 1, mandatory: true, pipeline: "value", allowNull: true }),
        parameter("NoNewline", "switch"),
        ENCODING,
        FORCE,
      ],
      defaultSet: "Path",
      shouldProcess: true,
    },
    async *run(context, input) {
      const { bound } = context;
      const encoding = bound.text("Encoding")?.toLowerCase();
      const values = bound.has("Value") ? enumerate(bound.value("Value")) : await collect(input);
      const text =
        values.map((value) => toText(value)).join("\r\n") +
        (bound.flag("NoNewline") || values.length === 0 ? "" : "\r\n");
      for (const path of [...bound.texts("Path"), ...bound.texts("LiteralPath")]) {
        const files = filesOf(context, path);
        if (bound.flag("WhatIf")) {
          context.session.console.write(
            `What if: Performing the operation "${name.replace("-", " ")}" on target "Path: ${path}".${context.session.newLine}`,
          );
          continue;
        }
        try {
          const append = name === "Add-Content" && files.entry(path) !== undefined;
          files.write(path, encoding === "byte" ? bytesOf([...values]) : encode(text, encoding, !append), append);
        } catch (error) {
          context.writeError(refused(error, path, "GetContentWriterUnauthorizedAccessError"), path);
        }
      }
    },
  };
}

const removeItem: CmdletDefinition = {
  metadata: {
    name: "Remove-Item",
    implementingType: "Microsoft.PowerShell.Commands.RemoveItemCommand",
    parameters: [...PATH, parameter("Recurse", "switch"), FORCE],
    defaultSet: "Path",
    shouldProcess: true,
  },
  async *run(context, input) {
    for (const path of await pathsOf(context, input))
      for (const entry of resolve(context, path, "RemoveFileSystemItemUnAuthorizedAccess")) {
        if (context.bound.flag("WhatIf")) {
          context.session.console.write(
            `What if: Performing the operation "Remove File" on target "${entry.path}".${context.session.newLine}`,
          );
          continue;
        }
        try {
          filesOf(context, path).remove(entry.path);
        } catch (error) {
          if (!(error instanceof WindowsError) || error.code !== 5)
            throw refused(error, entry.path, "RemoveItemUnauthorizedAccessError");
          const text = `Cannot remove item ${entry.path}: Access to the path is denied.`;
          const target = { name: entry.path, type: entry.directory ? "DirectoryInfo" : "FileInfo", terminating: false };
          context.writeError(
            failure(
              "RemoveFileSystemItemUnAuthorizedAccess",
              "PermissionDenied",
              "System.UnauthorizedAccessException",
              text,
              target,
            ),
            entry.path,
          );
        }
      }
  },
};

const newItem: CmdletDefinition = {
  metadata: {
    name: "New-Item",
    implementingType: "Microsoft.PowerShell.Commands.NewItemCommand",
    parameters: [
      parameter("Path", "string", { position: 0, mandatory: true }),
      parameter("ItemType", "string", { aliases: ["Type"] }),
      parameter("Value", "object"),
      FORCE,
    ],
    shouldProcess: true,
  },
  async *run(context) {
    const { bound } = context;
    const path = bound.text("Path") ?? "";
    const files = filesOf(context, path);
    try {
      if (files.entry(path) !== undefined && !bound.flag("Force"))
        throw failure(
          "NewItemIOError",
          "ResourceExists",
          "System.IO.IOException",
          `The file '${path}' already exists.`,
          { name: path, type: "String", terminating: false },
        );
      if (/^dir/i.test(bound.text("ItemType") ?? "")) files.makeFolder(path);
      else files.write(path, encode(toText(bound.value("Value")), undefined, true), false);
      const entry = files.entry(path);
      if (entry !== undefined) yield fileObject(entry);
    } catch (error) {
      if (!(error instanceof WindowsError)) throw error;
      throw refused(error, path, "NewItemUnauthorizedAccessError");
    }
  },
};

const moveItem: CmdletDefinition = {
  metadata: {
    name: "Move-Item",
    implementingType: "Microsoft.PowerShell.Commands.MoveItemCommand",
    parameters: [
      ...PATH,
      parameter("Destination", "string", { position: 1, mandatory: true }),
      parameter("PassThru", "switch"),
      FORCE,
    ],
    defaultSet: "Path",
    shouldProcess: true,
  },
  async *run(context, input) {
    const { bound } = context;
    const destination = bound.text("Destination") ?? "";
    for (const path of await pathsOf(context, input))
      for (const entry of resolve(context, path, "MoveItemUnauthorizedAccessError")) {
        const files = filesOf(context, destination);
        if (bound.flag("WhatIf")) {
          context.session.console.write(
            `What if: Performing the operation "Move File" on target "Item: ${entry.path} Destination: ${destination}".${context.session.newLine}`,
          );
          continue;
        }
        try {
          // Into a folder that is there, else under the new name.
          const into = files.entry(destination)?.directory === true;
          const target = into ? `${destination.replace(/\\+$/, "")}\\${entry.name}` : destination;
          if (bound.flag("Force") && files.entry(target)?.directory === false) files.remove(target);
          files.move(entry.path, target);
          const moved = files.entry(target);
          if (bound.flag("PassThru") && moved !== undefined) yield fileObject(moved);
        } catch (error) {
          context.writeError(refused(error, entry.path, "MoveItemUnauthorizedAccessError"), path);
        }
      }
  },
};

export const fileCmdlets: readonly CmdletDefinition[] = [
  testPath,
  getItem,
  getChildItem,
  getContent,
  writeContent("Set-Content"),
  writeContent("Add-Content"),
  removeItem,
  newItem,
  moveItem,
];
