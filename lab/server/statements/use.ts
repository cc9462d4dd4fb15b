import type { UseStatement } from "../../tsql/ast";
import type { Database } from "../database";
import { openDatabase } from "../database-access";
import { type Execution, inform } from "./execution";

/** USE: the session's current database; ENVCHANGE and 5701 tell the client. */
export function use(statement: UseStatement, execution: Execution): void {
  changeDatabase(execution, openDatabase(execution.session, statement.database));
}

/** Makes a database the current one. */
export function changeDatabase(execution: Execution, database: Database): void {
  const { session, context } = execution;
  const from = session.database.name;
  session.database = database;
  context.sink.environment({ kind: "database", from, to: database.name });
  inform(execution, 5701, `Changed database context to '${database.name}'.`);
}
