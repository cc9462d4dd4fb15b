/**
 * Functions that look up objects: DB_ID, DB_NAME, OBJECT_ID, OBJECT_NAME, SCHEMA_ID, SCHEMA_NAME, COL_NAME, OBJECTPROPERTY …
 * Source: sql-docs t-sql/functions/{db-id,db-name,object-id,object-name,schema-name,col-name,col-length,objectproperty,
 * type-id,type-name,file-id,file-name,ident-current}-transact-sql.md.
 */
import type { ObjectName } from "../../tsql/host";
import { Decimal, SYSNAME } from "../../tsql/values";
import { systemObjectId } from "../catalog/registry";
import { allTypes, typeNumbers } from "../catalog/type-rows";
import type { Database } from "../database";
import { refusal } from "../database-access";
import { parseObjectName } from "../object-name";
import { schemaOf, schemasOf } from "../schemas";
import type { ServerSession } from "../server-session";
import type { TableDefinition } from "../storage/definitions";
import { bit } from "../catalog/values";
import { define, type FunctionTable, numberOf, textOf } from "./definition";

const INT = { name: "int" } as const;

/** The database of a name's first part, or the current one; undefined when it cannot be entered. */
function databaseOf(name: ObjectName, session: ServerSession): Database | undefined {
  if (name.database === undefined || name.database === "") return session.database;
  const database = session.instance.core.database(name.database);
  return database === undefined || refusal(session, database) !== undefined ? undefined : database;
}

function tableOf(name: ObjectName, session: ServerSession): TableDefinition | undefined {
  const schema = name.schema === undefined || name.schema === "" ? "dbo" : name.schema;
  return databaseOf(name, session)?.table(session.transactions, schema, name.name)?.definition;
}

/** A table of a database, by object_id. */
function tableById(session: ServerSession, id: number | null, databaseId?: number | null): TableDefinition | undefined {
  const database =
    databaseId === undefined || databaseId === null ? session.database : session.instance.core.databaseById(databaseId);
  if (database === undefined || refusal(session, database) !== undefined) return undefined;
  return database.tables(session.transactions).find((table) => table.id === id);
}

function named(text: string | null): ObjectName | undefined {
  return text === null ? undefined : parseObjectName(text);
}

function objectId(text: string | null, type: string | null, session: ServerSession): number | null {
  const name = named(text);
  const database = name === undefined ? undefined : databaseOf(name, session);
  if (name === undefined || database === undefined) return null;
  const kind = type?.trim().toUpperCase();
  const table = tableOf(name, session);
  if (table !== undefined && (kind === undefined || kind === "U")) return table.id;
  const key = database
    .tables(session.transactions)
    .flatMap((owner) => owner.keys.map((one, index) => ({ one, id: owner.id + 1 + index })))
    .find(({ one }) => one.kind !== "unique index" && one.name.toLowerCase() === name.name.toLowerCase());
  if (key !== undefined && (kind === undefined || kind === (key.one.kind === "unique" ? "UQ" : "PK"))) return key.id;
  if (kind === undefined || kind === "V" || kind === "S")
    return systemObjectId(name, database, session.instance.version) ?? procedureId(name, session);
  return kind === "P" || kind === "X" ? procedureId(name, session) : null;
}

/** Procedures of the server have numbers of their own, negative as those of all system objects. */
function procedureId(name: ObjectName, session: ServerSession): number | null {
  const found = session.instance.procedures.find(name, session.database.name);
  if (found === undefined) return null;
  let hash = 7;
  for (const character of found.name.toLowerCase()) hash = (hash * 31 + character.charCodeAt(0)) % 1_000_003;
  return -1_000_100 - hash;
}

export const metadataFunctions: FunctionTable = {
  // Without an argument: the current database. Answers ids of databases in every state.
  DB_ID: define(INT, (args, session) => {
    if (args.length === 0) return session.database.id;
    const name = textOf(args[0]);
    return name === null ? null : (session.instance.core.database(name)?.id ?? null);
  }),
  DB_NAME: define(SYSNAME, (args, session) => {
    if (args.length === 0) return session.database.name;
    const id = numberOf(args[0]);
    return id === null ? null : (session.instance.core.databaseById(id)?.name ?? null);
  }),
  ORIGINAL_DB_NAME: define(SYSNAME, (_, session) => session.loginDatabaseName),
  OBJECT_ID: define(INT, ([name, type], session) => objectId(textOf(name), textOf(type), session)),
  OBJECT_NAME: define(
    SYSNAME,
    ([id, databaseId], session) => tableById(session, numberOf(id), numberOf(databaseId))?.name ?? null,
  ),
  OBJECT_SCHEMA_NAME: define(
    SYSNAME,
    ([id, databaseId], session) => tableById(session, numberOf(id), numberOf(databaseId))?.schema ?? null,
  ),
  SCHEMA_ID: define(INT, (args, session) => {
    const name = args.length === 0 ? "dbo" : textOf(args[0]);
    return name === null ? null : (schemaOf(session.database, name, session.transactions)?.id ?? null);
  }),
  SCHEMA_NAME: define(SYSNAME, (args, session) => {
    const id = args.length === 0 ? 1 : numberOf(args[0]);
    return schemasOf(session.database, session.transactions).find((schema) => schema.id === id)?.name ?? null;
  }),
  COL_NAME: define(
    SYSNAME,
    ([id, column], session) => tableById(session, numberOf(id))?.columns[(numberOf(column) ?? 0) - 1]?.name ?? null,
  ),
  COL_LENGTH: define({ name: "smallint" }, ([table, column], session) => {
    const name = named(textOf(table));
    const wanted = textOf(column)?.toLowerCase();
    const found =
      name === undefined ? undefined : tableOf(name, session)?.columns.find((one) => one.name.toLowerCase() === wanted);
    return found === undefined ? null : typeNumbers(found.type).maxLength;
  }),
  OBJECTPROPERTY: define(INT, ([id, property], session) => {
    const table = tableById(session, numberOf(id));
    if (table === undefined) return null;
    switch (textOf(property)?.toLowerCase()) {
      case "isusertable":
      case "istable":
      case "ownerid":
        return 1;
      case "isview":
      case "isprocedure":
      case "ismsshipped":
      case "issystemtable":
        return 0;
      case "tablehasprimarykey":
        return bit(table.keys.some((key) => key.kind === "primary key"));
      case "tablehasidentity":
        return bit(table.columns.some((column) => column.generated !== undefined));
      case "tablehasclustindex":
        return bit(table.keys.some((key) => key.clustered));
      case "schemaid":
        return schemaOf(session.database, table.schema)?.id ?? null;
      default:
        return null;
    }
  }),
  IDENT_CURRENT: define({ name: "numeric", precision: 38, scale: 0 }, ([text], session) => {
    const name = named(textOf(text));
    const table = name === undefined ? undefined : tableOf(name, session);
    const identity = table?.columns.find((column) => column.generated !== undefined);
    if (name === undefined || table === undefined || identity?.generated === undefined) return null;
    const last = databaseOf(name, session)?.lastIdentity(table);
    return new Decimal(last ?? identity.generated.seed, 0);
  }),
  TYPE_ID: define(INT, ([name]) => {
    const wanted = textOf(name)?.toLowerCase();
    return wanted === "sysname" ? 256 : (allTypes().find((type) => type.name === wanted)?.systemTypeId ?? null);
  }),
  TYPE_NAME: define(SYSNAME, ([id]) => {
    const wanted = numberOf(id);
    return wanted === 256 ? "sysname" : (allTypes().find((type) => type.systemTypeId === wanted)?.name ?? null);
  }),
  FILE_ID: define({ name: "smallint" }, ([name], session) => {
    const wanted = textOf(name)?.toLowerCase();
    return session.database.files.find((file) => file.name.toLowerCase() === wanted)?.fileId ?? null;
  }),
  FILE_NAME: define(
    SYSNAME,
    ([id], session) => session.database.files.find((file) => file.fileId === numberOf(id))?.name ?? null,
  ),
};
