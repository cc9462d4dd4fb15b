/** [System.IO.File], [System.IO.Directory]: static methods over the lab's Windows files. */
import { toText, wildcard } from "./conversions";
import { type DotNetException, dotNetError, runtimeFailure } from "./error-record";
import type { FileSystem } from "./file-system";
import type { Session } from "./session";
import { type StaticType, bytesOf } from "./static-type";
import type { Value } from "./values";
import { WindowsError } from "../windows/files";

/** The .NET exception that a Windows error becomes. */
function inputOutputException(error: unknown, path: string): DotNetException {
  if (!(error instanceof WindowsError)) throw error;
  switch (error.code) {
    case 2:
      return dotNetError("System.IO.FileNotFoundException", `Could not find file '${path}'.`);
    case 3:
      return dotNetError("System.IO.DirectoryNotFoundException", `Could not find a part of the path '${path}'.`);
    case 5:
      return dotNetError("System.UnauthorizedAccessException", `Access to the path '${path}' is denied.`);
    default:
      return dotNetError("System.IO.IOException", error.message);
  }
}

type FileMethod = (files: FileSystem, path: string, args: readonly Value[]) => Value;

/** Gives a method the session's files; Exists methods answer False instead of failing. */
function method(call: FileMethod, quiet = false): (args: readonly Value[], session: Session) => Value {
  return (args, { files }) => {
    const path = toText(args[0]);
    if (files === undefined)
      throw runtimeFailure("DriveNotFound", `Cannot find drive. A drive for '${path}' does not exist.`);
    try {
      return call(files, path, args);
    } catch (error) {
      if (quiet && error instanceof WindowsError) return false;
      throw inputOutputException(error, path);
    }
  };
}

function text(files: FileSystem, path: string): string {
  return Buffer.from(files.read(path))
    .toString("utf8")
    .replace(/^\ufeff/, "");
}

export const fileType: StaticType = {
  fullName: "System.IO.File",
  methods: {
    exists: method((files, path) => files.entry(path)?.directory === false, true),
    readalltext: method((files, path) => text(files, path)),
    readalllines: method((files, path) =>
      text(files, path)
        .replace(/\r?\n$/, "")
        .split(/\r?\n/),
    ),
    readallbytes: method((files, path) => new Uint8Array(files.read(path))),
    writealltext: method(
      (files, path, args) => files.write(path, Buffer.from(toText(args[1]), "utf8"), false) as undefined,
    ),
    writeallbytes: method((files, path, args) => files.write(path, bytesOf(args[1]), false) as undefined),
    appendalltext: method(
      (files, path, args) => files.write(path, Buffer.from(toText(args[1]), "utf8"), true) as undefined,
    ),
    delete: method((files, path) => {
      // File.Delete is content with a file that is not there.
      if (files.entry(path) !== undefined) files.remove(path);
      return undefined;
    }),
  },
};

export const directoryType: StaticType = {
  fullName: "System.IO.Directory",
  methods: {
    exists: method((files, path) => files.entry(path)?.directory === true, true),
    getfiles: method((files, path, args) => {
      const pattern = wildcard(args[1] === undefined ? "*" : toText(args[1]));
      return files
        .list(path)
        .filter((entry) => !entry.directory && pattern.test(entry.name))
        .map((entry) => entry.path);
    }),
    getdirectories: method((files, path) =>
      files
        .list(path)
        .filter((entry) => entry.directory)
        .map((entry) => entry.path),
    ),
    createdirectory: method((files, path) => files.makeFolder(path) as undefined),
  },
};
