/** ALTER DATABASE: sql-docs t-sql/statements/alter-database-transact-sql*.md. */
import type { AlterDatabaseAction, AlterDatabaseStatement, FileSpecification } from "../../tsql/ast";
import type { Database } from "../database";
import { hasDatabasePermission } from "../database-permissions";
import type { PartnerOption } from "../mirroring/alter-partner";
import { sessionError } from "../session-errors";
import type { DatabaseFile } from "../storage/definitions";
import { storageErrors } from "../storage/errors";
import { setEncryption } from "./certificates";
import { clearDatabase } from "./clear-database";
import { mergeOptions, type WantedChange } from "./database-options";
import { pagesOf } from "./create-database";
import { type Execution, followed, refuseInTransaction, requesterOf } from "./execution";
import { changeDatabase } from "./use";

/** The database to be altered. Unknown or without right: 5011, which does not tell one from the other. */
function target(statement: AlterDatabaseStatement, { session }: Execution): Database {
  if (statement.database === null) return session.database;
  const database = session.instance.core.database(statement.database);
  if (database === undefined) throw sessionError(5011, statement.database);
  const allowed =
    session.hasServerPermission("ALTER ANY DATABASE") ||
    database.ownerSid === session.principal.sid ||
    (database.hasStore && hasDatabasePermission(database, session, "ALTER"));
  if (!allowed) throw sessionError(5011, database.name);
  return database;
}

/** 5064: another session is in the single user's place. */
function refuseOccupied(database: Database, { session }: Execution): void {
  if (database.options.userAccess !== "SINGLE_USER") return;
  if (session.instance.sessions.in(database).some((other) => other !== session))
    throw sessionError(5064, database.name);
}

/** What mirroring forbids, before any session is ended for it (1468). */
function refuseMirrored(database: Database, wanted: WantedChange): void {
  if (database.mirroringSession === undefined) return;
  const { options, state } = wanted;
  const forbidden =
    options.isReadOnly === true ||
    (options.userAccess !== undefined && options.userAccess !== "MULTI_USER") ||
    (options.recoveryModel !== undefined && options.recoveryModel !== "FULL") ||
    state !== undefined;
  if (forbidden) throw storageErrors.mirroredOption(database.name);
}

async function setOptions(
  database: Database,
  action: Extract<AlterDatabaseAction, { readonly kind: "set" }>,
  execution: Execution,
): Promise<void> {
  const { session } = execution;
  const { core } = session.instance;
  const wanted = mergeOptions(database, action.options);
  if (database.id <= 4) refuseForSystem(database, wanted);
  refuseMirrored(database, wanted);
  if (wanted.isEncrypted !== undefined) await setEncryption(database, wanted.isEncrypted, execution);
  // ONLINE and OFFLINE are judged by the core in the other states; options need an open database (5052).
  if (wanted.state === undefined && (database.state !== "ONLINE" || database.isInStandby))
    throw storageErrors.notPermittedInState("ALTER DATABASE", database.state);
  if (wanted.state === "OFFLINE" && database.state === "RESTORING")
    throw storageErrors.notPermittedInState("ALTER DATABASE", database.state);
  refuseOccupied(database, execution);
  if (wanted.needsExclusiveAccess) await clearDatabase(database, action.termination, execution, wanted);
  switch (wanted.state) {
    case "OFFLINE":
      // The session itself goes to master: its current database is about to close.
      if (session.database === database) changeDatabase(execution, core.require("master"));
      core.setOffline(database);
      return;
    case "ONLINE":
      core.setOnline(database);
      return;
    case "EMERGENCY":
      core.setEmergency(database);
      return;
    case undefined:
      await database.setOptions(wanted.options);
  }
}

/** master and tempdb keep their access and state; SIMPLE is all they have (5058). */
function refuseForSystem(database: Database, wanted: WantedChange): void {
  const { options, state, names } = wanted;
  const forbidden = state !== undefined || options.isReadOnly !== undefined || options.userAccess !== undefined;
  if (forbidden && database.name !== "msdb" && database.name !== "model")
    throw sessionError(5058, names.join(","), database.name);
}

function partnerOption(action: Extract<AlterDatabaseAction, { readonly kind: "setPartner" }>): PartnerOption {
  const { partner } = action;
  switch (partner.kind) {
    case "address":
      return { kind: "partner", address: partner.address };
    case "safety":
      return { kind: "safety", level: partner.safety };
    case "timeout":
      return { kind: "timeout", seconds: partner.seconds };
    case "forceServiceAllowDataLoss":
      return { kind: "forceService" };
    default:
      return { kind: partner.kind };
  }
}

async function alterMirroring(database: Database, option: PartnerOption, execution: Execution): Promise<void> {
  const { session } = execution;
  // The database closes and opens under another role: nobody may stand in it.
  if (option.kind === "failover" && session.database.name !== "master") throw sessionError(5001);
  await session.instance.core.alterPartner(database.name, option, requesterOf(execution));
}

/** MODIFY FILE: logical name, size, limit and growth; the path of an open file stays. */
function modifyFile(database: Database, change: FileSpecification): void {
  const file = database.files.find((one) => one.name.toLowerCase() === change.name?.toLowerCase());
  if (file === undefined) throw sessionError(5041, change.name ?? "");
  const size = change.size === undefined ? file.size : pagesOf(change.size);
  if (size < file.size) throw sessionError(5039);
  const next: DatabaseFile = {
    ...file,
    name: change.newName ?? file.name,
    size,
    ...(change.maxSize === undefined ? {} : { maxSize: change.maxSize === "UNLIMITED" ? -1 : pagesOf(change.maxSize) }),
    ...(change.growth === undefined
      ? {}
      : change.growth.unit === "%"
        ? { growth: change.growth.amount, isPercentGrowth: true }
        : { growth: pagesOf(change.growth), isPercentGrowth: false }),
  };
  database.change({ files: database.files.map((one) => (one === file ? next : one)) });
}

async function alter(database: Database, action: AlterDatabaseAction, execution: Execution): Promise<void> {
  switch (action.kind) {
    case "set":
      await setOptions(database, action, execution);
      return;
    case "setPartner":
      await alterMirroring(database, partnerOption(action), execution);
      return;
    case "setWitness":
      await alterMirroring(
        database,
        action.address === undefined ? { kind: "witnessOff" } : { kind: "witness", address: action.address },
        execution,
      );
      return;
    case "modifyName":
      refuseOccupied(database, execution);
      await clearDatabase(database, undefined, execution, { options: {}, needsExclusiveAccess: true, names: [] });
      database.rename(action.name);
      return;
    case "collate":
      await clearDatabase(database, undefined, execution, { options: {}, needsExclusiveAccess: true, names: [] });
      await database.setOptions({ collation: action.collation });
      return;
    case "modifyFile":
      modifyFile(database, action.file);
      return;
    case "addFiles":
    case "removeFile":
    case "addFilegroup":
      // One data and one log file are what a database of the lab has.
      throw sessionError(5008);
  }
}

/** Executes ALTER DATABASE. Errors are the cause and 5069. */
export async function alterDatabase(statement: AlterDatabaseStatement, execution: Execution): Promise<void> {
  refuseInTransaction(execution, "ALTER DATABASE");
  await followed(storageErrors.alterFailed, async () => {
    await alter(target(statement, execution), statement.action, execution);
  });
  execution.session.noteChange("ALTER DATABASE");
}
