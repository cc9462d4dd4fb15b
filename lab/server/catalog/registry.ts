/** Which system views and system functions an instance has, and how a name finds them. */
import type { ObjectName } from "../../tsql/host";
import type { Database } from "../database";
import { jobsView } from "../msdb/jobs-view";
import { databasePermissionRows, databasePrincipalRows, roleMembers } from "./database-principals";
import { databaseMirroring, databases, oldDatabases, recoveryStatus } from "./databases";
import { editionFeatures, endpoints, mirroringEndpoints, mirroringWitnesses, tcpEndpoints } from "./endpoints";
import { databaseFiles, masterFiles, virtualFileStatistics, volumeStatistics } from "./files";
import { locks } from "./locks";
import { columns, indexColumns, indexes, objects, partitions, schemas, tables, types } from "./objects";
import { certificates, serverPermissionRows, serverPrincipals, serverRoleMembers, sqlLogins } from "./principals";
import { configurations, performanceCounters, servers, services, systemInformation } from "./server";
import { connections, processes, requests, sessions } from "./sessions";
import type { ProductVersion } from "../product";
import { permissionsFunction } from "./permissions-function";
import type { SystemFunction, SystemView } from "./system-view";

const VIEWS = [
  databases,
  recoveryStatus,
  databaseMirroring,
  masterFiles,
  databaseFiles,
  endpoints,
  tcpEndpoints,
  mirroringEndpoints,
  mirroringWitnesses,
  editionFeatures,
  sessions,
  requests,
  connections,
  locks,
  services,
  systemInformation,
  configurations,
  servers,
  performanceCounters,
  objects,
  tables,
  columns,
  types,
  indexes,
  indexColumns,
  partitions,
  schemas,
  databasePrincipalRows,
  roleMembers,
  databasePermissionRows,
  serverPrincipals,
  sqlLogins,
  serverRoleMembers,
  serverPermissionRows,
  certificates,
] as const;

/** Views of SQL Server 2000: found in sys, in dbo and without a schema. */
const OLD_VIEWS = [oldDatabases, processes] as const;

const FUNCTIONS = [virtualFileStatistics, volumeStatistics, permissionsFunction] as const;

/** Every system view with its schema. */
export const systemViewNames: readonly string[] = [...VIEWS, ...OLD_VIEWS].map((view) => view.name);

const byName = new Map<string, SystemView>([...VIEWS, ...OLD_VIEWS].map((view) => [view.name.toLowerCase(), view]));
const oldByName = new Map<string, SystemView>(OLD_VIEWS.map((view) => [view.name.slice("sys.".length), view]));
const functionsByName = new Map<string, SystemFunction>(FUNCTIONS.map((one) => [one.name.toLowerCase(), one]));

function available<T extends Pick<SystemView, "since" | "sinceBuild">>(
  found: T | undefined,
  { major, build }: ProductVersion,
): T | undefined {
  if (found === undefined || (found.since ?? 0) > major) return undefined;
  return (found.sinceBuild?.[major] ?? 0) > build ? undefined : found;
}

/** The system view of a name in a database; undefined when the name means something else. */
export function findSystemView(name: ObjectName, database: Database, version: ProductVersion): SystemView | undefined {
  const schema = (name.schema ?? "").toLowerCase();
  const bare = name.name.toLowerCase();
  if (schema === "sys") return available(byName.get(`sys.${bare}`), version);
  if (schema !== "" && schema !== "dbo") return undefined;
  if (bare === "sysjobs_view" && database.id === 4) return jobsView;
  return available(oldByName.get(bare), version);
}

/** The table-valued system function of a name: `sys.dm_…`; fn_my_permissions also without a schema. */
export function findSystemFunction(name: ObjectName, version: ProductVersion): SystemFunction | undefined {
  const schema = (name.schema ?? "").toLowerCase();
  const bare = name.name.toLowerCase();
  if (schema === "sys" || (schema === "" && bare.startsWith("fn_")))
    return available(functionsByName.get(`sys.${bare}`), version);
  return undefined;
}

/** A number for a system object, for OBJECT_ID('sys.databases'): negative, the same in every run. */
export function systemObjectId(name: ObjectName, database: Database, version: ProductVersion): number | undefined {
  const view = findSystemView(name, database, version) ?? findSystemFunction(name, version);
  if (view === undefined) return undefined;
  let hash = 17;
  for (const character of view.name.toLowerCase()) hash = (hash * 31 + character.charCodeAt(0)) % 1_000_003;
  return -1 - hash;
}
