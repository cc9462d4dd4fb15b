/**
 * DATABASEPROPERTYEX, FILEPROPERTY, APPLOCK_MODE, APPLOCK_TEST.
 * Source: sql-docs t-sql/functions/{databasepropertyex,applock-mode,applock-test}-transact-sql.md.
 */
import { fromEpoch } from "../../tsql/calendar";
import type { SqlValue } from "../../tsql/values";
import { Variant } from "../../tsql/values";
import { lockModeNames, type LockedResource, type LockOwner } from "../application-locks";
import { bit } from "../catalog/values";
import type { Database } from "../database";
import { databasePrincipal } from "../database-principals";
import { releaseOf } from "../product";
import type { ServerSession } from "../server-session";
import { define, type FunctionTable, intVariant, textOf, textVariant } from "./definition";

/** Properties by name; those of a database that is not open answer NULL where the page says so. */
function propertyOf(database: Database, property: string, session: ServerSession): SqlValue {
  const { options } = database;
  const flag = (value: boolean): SqlValue => intVariant(bit(value));
  switch (property.toUpperCase()) {
    case "STATUS":
      return textVariant(database.state);
    case "RECOVERY":
      return textVariant(options.recoveryModel);
    case "UPDATEABILITY":
      return textVariant(database.isReadOnly ? "READ_ONLY" : "READ_WRITE");
    case "USERACCESS":
      return textVariant(options.userAccess);
    case "VERSION":
      return database.state === "ONLINE" ? intVariant(releaseOf(session.instance.version).databaseVersion) : null;
    case "COLLATION":
      return database.state === "ONLINE" ? textVariant(options.collation) : null;
    case "ISINSTANDBY":
      return flag(database.isInStandby);
    case "ISAUTOCLOSE":
      return flag(options.isAutoClose);
    case "ISAUTOSHRINK":
      return flag(options.isAutoShrink);
    case "ISAUTOCREATESTATISTICS":
      return flag(options.others["AUTO_CREATE_STATISTICS"] !== "OFF");
    case "ISAUTOUPDATESTATISTICS":
      return flag(options.others["AUTO_UPDATE_STATISTICS"] !== "OFF");
    case "ISFULLTEXTENABLED":
      return flag(database.id > 4);
    case "ISTORNPAGEDETECTIONENABLED":
      return flag(options.pageVerify === "TORN_PAGE_DETECTION");
    case "ISPARAMETERIZATIONFORCED":
      return flag(options.others["PARAMETERIZATION"] === "FORCED");
    case "LASTGOODCHECKDBTIME":
      return session.instance.version.major >= 13
        ? new Variant({ name: "datetime" }, fromEpoch(database.createDate))
        : null;
    case "SQLSORTORDER":
      return new Variant({ name: "tinyint" }, 52);
    case "COMPARISONSTYLE":
      return intVariant(196609);
    case "LCID":
      return intVariant(1033);
    case "ISPUBLISHED":
    case "ISSUBSCRIBED":
    case "ISMERGEPUBLISHED":
    case "ISSYNCWITHBACKUP":
    case "ISRECURSIVETRIGGERSENABLED":
    case "ISANSINULLDEFAULT":
    case "ISANSINULLSENABLED":
    case "ISANSIPADDINGENABLED":
    case "ISANSIWARNINGSENABLED":
    case "ISARITHMETICABORTENABLED":
    case "ISNULLCONCAT":
    case "ISNUMERICROUNDABORTENABLED":
    case "ISQUOTEDIDENTIFIERSENABLED":
    case "ISCLOSECURSORSONCOMMITENABLED":
    case "ISLOCALCURSORSDEFAULT":
      return intVariant(0);
    default:
      return null;
  }
}

/** Resource and owner of APPLOCK_MODE and APPLOCK_TEST; undefined where an argument is not valid. */
function lockOf(
  session: ServerSession,
  principalName: string | null,
  name: string | null,
  owner: string | null,
): { readonly resource: LockedResource; readonly owner: LockOwner } | undefined {
  const principal = principalName === null ? undefined : databasePrincipal(session.database, principalName);
  const kind = owner?.toLowerCase();
  if (principal === undefined || name === null || (kind !== "session" && kind !== "transaction")) return undefined;
  return {
    resource: { databaseId: session.database.id, principalId: principal.principalId, name },
    owner: { sessionId: session.id, kind: kind === "session" ? "Session" : "Transaction" },
  };
}

export const databaseFunctions: FunctionTable = {
  DATABASEPROPERTYEX: define({ name: "sql_variant" }, ([name, property], session) => {
    const wanted = textOf(name);
    const database = wanted === null ? undefined : session.instance.core.database(wanted);
    return database === undefined ? null : propertyOf(database, textOf(property) ?? "", session);
  }),
  FILEPROPERTY: define({ name: "int" }, ([name, property], session) => {
    const wanted = textOf(name)?.toLowerCase();
    const file = session.database.files.find((one) => one.name.toLowerCase() === wanted);
    if (file === undefined) return null;
    switch (textOf(property)?.toLowerCase()) {
      case "isprimaryfile":
        return bit(file.fileId === 1);
      case "islogfile":
        return bit(file.type === "LOG");
      case "isreadonly":
        return 0;
      case "spaceused":
        return file.type === "LOG"
          ? Math.ceil(session.database.log.usedBytes / 8192)
          : session.database.filePages(file.fileId);
      default:
        return null;
    }
  }),
  APPLOCK_MODE: define({ name: "nvarchar", length: 32 }, ([principal, name, owner], session) => {
    const lock = lockOf(session, textOf(principal), textOf(name), textOf(owner));
    return lock === undefined ? null : session.instance.applicationLocks.mode(lock.resource, lock.owner);
  }),
  APPLOCK_TEST: define({ name: "smallint" }, ([principal, name, mode, owner], session) => {
    const lock = lockOf(session, textOf(principal), textOf(name), textOf(owner));
    const wanted = lockModeNames[(textOf(mode) ?? "").toLowerCase()];
    if (lock === undefined || wanted === undefined) return null;
    return bit(session.instance.applicationLocks.test(lock.resource, lock.owner, wanted));
  }),
};
