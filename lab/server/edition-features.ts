/**
 * Features that not every edition has, and that a database keeps: where they are missing it can be restored, but not
 * started. Source: sql-docs system-dynamic-management-views/sys-dm-db-persisted-sku-features-transact-sql.md;
 * "Data Compression" (every edition since 2016 SP1).
 */
import { SqlError } from "../tsql/errors";
import type { Database } from "./database";
import type { InstanceEnvironment } from "./storage/environment";
import type { TransactionScope } from "./storage/transaction";

export interface EditionFeature {
  readonly name: string;
  readonly id: number;
  /** Object that uses it. */
  readonly object: string;
}

/** What the database uses; compression of tables is all that the lab knows of it. */
export function editionFeaturesOf(database: Database, scope?: TransactionScope): readonly EditionFeature[] {
  const compressed = database.tables(scope).find(({ compression }) => compression !== undefined);
  return compressed === undefined ? [] : [{ name: "Compression", id: 100, object: compressed.name }];
}

export function hasCompression({ edition, version }: Pick<InstanceEnvironment, "edition" | "version">): boolean {
  return edition !== "Express" || version.major > 13 || (version.major === 13 && version.build >= 4001);
}

/** Throws 3167 with 909 and 933, which end the connection, where the edition cannot start the database. */
export function refuseToStart(database: Database): void {
  const [feature] = editionFeaturesOf(database);
  if (feature === undefined || hasCompression(database.instance.environment)) return;
  const { name } = database;
  const because = `Database '${name}' cannot be started in this edition of SQL Server because part or all of object '${feature.object}' is enabled with data compression or vardecimal storage format. Data compression and vardecimal storage format are only supported on SQL Server Enterprise Edition.`;
  const anyway = `Database '${name}' cannot be started because some of the database functionality is not available in the current edition of SQL Server.`;
  throw new SqlError(3167, 16, `RESTORE could not start database '${name}'.`, {
    followers: [new SqlError(909, 21, because), new SqlError(933, 21, anyway)],
  });
}
