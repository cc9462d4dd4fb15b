/**
 * Extended procedures and the error log: xp_fileexist, xp_dirtree, xp_cmdshell (turned off), sp_readerrorlog.
 * xp_fileexist and xp_dirtree are not documented by Microsoft; both see files as the engine's account does.
 */
import { readdirSync } from "node:fs";
import { fromEpoch } from "../../tsql/calendar";
import { SqlError } from "../../tsql/errors";
import type { Row, SqlType } from "../../tsql/values";
import { WindowsError } from "../../windows/files";
import { columnList } from "../column-list";
import type { ServerSession } from "../server-session";
import { sessionError } from "../session-errors";
import { sendProcedureRows } from "./procedure-rows";
import { numberArgument, parameter, type ServerProcedure, textArgument } from "./server-procedure";

const PATH: SqlType = { name: "nvarchar", length: 4000 };

/** Whether a path is a file, a folder, and whether its parent exists. */
function fileFacts(session: ServerSession, path: string): readonly [file: number, folder: number, parent: number] {
  try {
    const { kind } = session.instance.core.locate(path.replace(/\\+$/, ""), "list");
    return [kind === "file" ? 1 : 0, kind === "directory" ? 1 : 0, 1];
  } catch (error) {
    if (!(error instanceof WindowsError)) throw error;
    // 2: the file is absent, its folder is there.
    return [0, 0, error.code === 2 ? 1 : 0];
  }
}

const fileExists: ServerProcedure = {
  name: "master.sys.xp_fileexist",
  changes: false,
  parameters: [parameter("@filename", PATH), parameter("@exists", { name: "int" }, { standard: null, output: true })],
  async execute(call, session) {
    const path = textArgument(call, "@filename");
    if (path === null) throw new SqlError(22051, 16, "xp_fileexist: expected a file name, found NULL.");
    const [file, folder, parent] = fileFacts(session, path);
    if (call.given.has("@exists")) return { returnCode: 0, outputs: new Map([["@exists", file]]) };
    const columns = ["File Exists", "File is a Directory", "Parent Directory Exists"].map((name) => ({
      name,
      type: { name: "tinyint" } as const,
      nullable: false,
    }));
    await sendProcedureRows(call, columns, [[file, folder, parent]]);
    return { returnCode: 0 };
  },
};

/** Names below a folder down to `depth` levels (0: all); an absent or closed folder has none. */
function* namesBelow(
  session: ServerSession,
  folder: string,
  depth: number,
  withFiles: boolean,
  level = 1,
): Iterable<Row> {
  let entries;
  try {
    const { file } = session.instance.core.locate(folder, "list");
    entries = readdirSync(file, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    if (error instanceof WindowsError || (error as NodeJS.ErrnoException).code === "ENOTDIR") return;
    throw error;
  }
  for (const entry of entries) {
    const isFile = !entry.isDirectory();
    if (isFile && !withFiles) continue;
    yield withFiles ? [entry.name, level, isFile ? 1 : 0] : [entry.name, level];
    if (!isFile && (depth === 0 || level < depth))
      yield* namesBelow(session, `${folder}\\${entry.name}`, depth, withFiles, level + 1);
  }
}

const directoryTree: ServerProcedure = {
  name: "master.sys.xp_dirtree",
  changes: false,
  parameters: [
    parameter("@directory", PATH),
    parameter("@depth", { name: "int" }, { standard: 0 }),
    parameter("@file", { name: "int" }, { standard: 0 }),
  ],
  async execute(call, session) {
    const folder = (textArgument(call, "@directory") ?? "").replace(/\\+$/, "");
    const withFiles = (numberArgument(call, "@file") ?? 0) !== 0;
    const columns = columnList(`subdirectory nvarchar(512)\ndepth int${withFiles ? "\nfile int" : ""}`);
    // Only sysadmin sees names that are not its own business.
    const rows = session.isSysadmin ? namesBelow(session, folder, numberArgument(call, "@depth") ?? 0, withFiles) : [];
    await sendProcedureRows(call, columns, rows);
    return { returnCode: 0 };
  },
};

const commandShell: ServerProcedure = {
  name: "master.sys.xp_cmdshell",
  parameters: [
    parameter("@command_string", PATH),
    parameter("@no_output", { name: "varchar", length: 9 }, { standard: null }),
  ],
  execute(_call, session) {
    if (session.instance.configuration.value("xp_cmdshell") === 0)
      return Promise.reject(
        new SqlError(
          15281,
          16,
          "SQL Server blocked access to procedure 'sys.xp_cmdshell' of component 'xp_cmdshell' because this component is turned off as part of the security configuration for this server. A system administrator can enable the use of 'xp_cmdshell' by using sp_configure. For more information about enabling 'xp_cmdshell', search for 'xp_cmdshell' in SQL Server Books Online.",
        ),
      );
    // There is no Windows behind the engine of the lab on which a command could run.
    return Promise.reject(
      new SqlError(
        15121,
        16,
        "An error occurred during the execution of xp_cmdshell. A call to 'CreateProcess' failed with error code: '5'.",
      ),
    );
  },
};

const ERROR_LOG = columnList("LogDate datetime\nProcessInfo nvarchar(50)\nText nvarchar(4000)");

const readErrorLog: ServerProcedure = {
  name: "master.sys.sp_readerrorlog",
  changes: false,
  parameters: [
    parameter("@p1", { name: "int" }, { standard: 0 }),
    parameter("@p2", { name: "int" }, { standard: null }),
    parameter("@p3", { name: "nvarchar", length: 4000 }, { standard: null }),
    parameter("@p4", { name: "nvarchar", length: 4000 }, { standard: null }),
  ],
  async execute(call, session) {
    if (!session.isSysadmin && !session.instance.principals.isMember(session.principal, "securityadmin"))
      throw sessionError(15247);
    const { instance } = session;
    const wanted = [textArgument(call, "@p3"), textArgument(call, "@p4")].map((word) => (word ?? "").toLowerCase());
    const offset = instance.localTime() - instance.utcTime();
    const rows = instance.errorLog.entries
      .flatMap(({ time, number, severity, text }): Row[] => {
        const at = fromEpoch(Date.parse(time) + offset);
        const head = `Error: ${String(number)}, Severity: ${String(severity)}, State: 1.`;
        return severity > 10
          ? [
              [at, "spid", head],
              [at, "spid", text],
            ]
          : [[at, "spid", text]];
      })
      .filter((row) => wanted.every((word) => (row[2] as string).toLowerCase().includes(word)));
    await sendProcedureRows(call, ERROR_LOG, rows);
    return { returnCode: 0 };
  },
};

export const extendedProcedures: readonly ServerProcedure[] = [
  fileExists,
  directoryTree,
  commandShell,
  readErrorLog,
  { ...readErrorLog, name: "master.sys.xp_readerrorlog" },
];
