/** The COM object Scripting.FileSystemObject: the short way to a share's free space ("FileSystemObject object", VBA reference). */
import { dotNetError } from "./error-record";
import { toText } from "./conversions";
import { type FileSystem, volumeOf } from "./file-system";
import { CustomObject, type Method, NativeObject, type Value } from "./values";
import { WindowsError } from "../windows/files";

class ScriptingFileSystemObject extends NativeObject {
  readonly typeNames = ["System.__ComObject"];

  constructor(readonly files: FileSystem) {
    super();
  }

  override method(name: string): Method | undefined {
    const entry = (args: readonly Value[]): boolean | undefined => this.files.entry(toText(args[0]))?.directory;
    switch (name.toLowerCase()) {
      case "getdrive":
        return (args) => this.#drive(toText(args[0]));
      case "getdrivename":
        return (args) => volumeOf(toText(args[0]));
      case "driveexists":
        return (args) => this.#reachable(volumeOf(toText(args[0])));
      case "fileexists":
        return (args) => this.#quiet(() => entry(args) === false);
      case "folderexists":
        return (args) => this.#quiet(() => entry(args) === true);
      default:
        return undefined;
    }
  }

  #quiet(test: () => boolean): boolean {
    try {
      return test();
    } catch (error) {
      // The object's Exists methods answer False for what cannot be reached.
      if (error instanceof WindowsError) return false;
      throw error;
    }
  }

  #reachable(volume: string): boolean {
    return this.#quiet(() => volume !== "" && this.files.space(volume).total > 0);
  }

  #drive(path: string): Value {
    const volume = volumeOf(path);
    // GetDrive takes C, C:, C:\ and \\server\share, not a folder below them.
    if (volume === "" || path.replace(/\\+$/, "").length !== volume.length)
      throw dotNetError(
        "System.Runtime.InteropServices.COMException",
        "Exception from HRESULT: 0x800A0005 (CTL_E_ILLEGALFUNCTIONCALL)",
      );
    try {
      const { free, total } = this.files.space(volume);
      const remote = volume.startsWith("\\\\");
      return new CustomObject(
        [
          ["Path", volume],
          ["DriveLetter", remote ? "" : volume.slice(0, 1)],
          ["ShareName", remote ? volume : ""],
          ["DriveType", remote ? 3 : 2],
          ["AvailableSpace", free],
          ["FreeSpace", free],
          ["TotalSize", total],
          ["FileSystem", "NTFS"],
          ["IsReady", true],
        ],
        ["System.__ComObject"],
      );
    } catch (error) {
      if (!(error instanceof WindowsError)) throw error;
      const code = error.code === 5 ? "0x800A0046 (CTL_E_PERMISSIONDENIED)" : "0x800A0044 (CTL_E_DEVICEUNAVAILABLE)";
      throw dotNetError("System.Runtime.InteropServices.COMException", `Exception from HRESULT: ${code}`);
    }
  }
}

/** @param files the Windows files of the process */
export function scriptingFileSystemObject(files: FileSystem): NativeObject {
  return new ScriptingFileSystemObject(files);
}
