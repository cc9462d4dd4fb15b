/** What the core of an instance is told by the rest of the server. */
import type { Column, Row, SqlType, SqlValue } from "../../tsql/values";
import type { WindowsFiles } from "../../windows/files";
import type { Database } from "../database";
import type { InstanceCore } from "../instance-core";
import type { Edition } from "../product";

/** Surroundings of one instance: its host, its account and what only the rest of the server knows. */
export interface InstanceEnvironment {
  readonly files: WindowsFiles;
  /** Windows host as WindowsFiles names it, such as `SQL-P1`. */
  readonly host: string;
  /** Account that the engine runs as: it opens every file. */
  readonly engineAccount: string;
  /** @@SERVERNAME */
  readonly serverName: string;
  readonly version: { readonly major: number; readonly minor: number; readonly build: number };
  /** Absent: an edition that has every feature. */
  readonly edition?: Edition;
  /** Folder of the system databases, a Windows path such as `C:\MSSQL\DATA`. Made when absent. */
  readonly systemFolder: string;
  /** InstanceDefaultDataPath and -LogPath, without a backslash at the end. */
  readonly defaultDataPath: string;
  readonly defaultLogPath: string;
  /** Milliseconds since 1970 of the server's *local* clock (what GETDATE shows), default Date.now() less the zone. */
  localTime?(): number;
  /** Awaited after every buffer that BACKUP or RESTORE moved: a slow disk or network of a rehearsal waits here. */
  transferred?(bytes: number): Promise<void>;
  /** Evaluates the text of a DEFAULT for one row. */
  evaluateDefault(database: Database, text: string, type: SqlType): SqlValue;
  /** The test of a CHECK's condition over rows of these columns; null = unknown. Throws SqlError where it makes no sense. */
  checkTest(text: string, columns: readonly Column[]): (row: Row) => boolean | null;
  /** Sessions that use the database now (current database or open transaction in it). */
  sessionsIn(database: Database): readonly number[];
  /** Ends the sessions in the database except one: rolls back, frees its locks, drops the connection. */
  endSessions(database: Database, except?: number): Promise<void>;
  /** A page of the data file does not match its checksum: msdb.dbo.suspect_pages. */
  suspectPage?(database: Database, page: number): Promise<void>;
  /** A line of the error log (1440, 1443, 1480, 3041, 5084 …). */
  errorLog?(number: number, text: string): void;
  /** The instance whose mirroring endpoint listens at `TCP://host:port`; undefined = nothing answers there (1418). */
  partner(address: string): InstanceCore | undefined;
  /** Address of this instance's own mirroring endpoint, `TCP://host:port`; undefined when it has none started. */
  readonly endpointAddress?: string;
  /** What that endpoint may be used for; undefined when it has none started. */
  readonly endpointRole?: "NONE" | "PARTNER" | "WITNESS" | "ALL";
}
