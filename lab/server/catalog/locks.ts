/**
 * sys.dm_tran_locks: DATABASE and APPLICATION resources.
 * Source: sql-docs relational-databases/system-dynamic-management-views/sys-dm-tran-locks-transact-sql.md.
 */
import { resourceDescription } from "../application-locks";
import type { SystemView, ViewRow } from "./system-view";

function row(
  session: number,
  database: number,
  type: string,
  mode: string,
  status: string,
  owner: string,
  description: string,
): ViewRow {
  return {
    resource_type: type,
    resource_subtype: "",
    resource_database_id: database,
    resource_description: description,
    resource_associated_entity_id: 0n,
    resource_lock_partition: 0,
    request_mode: mode,
    request_type: "LOCK",
    request_status: status,
    request_reference_count: 1,
    request_lifetime: 0,
    request_session_id: session,
    request_exec_context_id: 0,
    request_request_id: 0,
    request_owner_type: owner,
    request_owner_id: 0n,
    request_owner_guid: "00000000-0000-0000-0000-000000000000",
    request_owner_lockspace_id: "0x0000000000000000:0:0",
    lock_owner_address: new Uint8Array(8),
  };
}

export const locks: SystemView = {
  name: "sys.dm_tran_locks",
  needs: "VIEW SERVER STATE",
  columns: `
    resource_type nvarchar(60)
    resource_subtype nvarchar(60)
    resource_database_id int
    resource_description nvarchar(256)
    resource_associated_entity_id bigint null
    resource_lock_partition int
    request_mode nvarchar(60)
    request_type nvarchar(60)
    request_status nvarchar(60)
    request_reference_count smallint
    request_lifetime int
    request_session_id int
    request_exec_context_id int
    request_request_id int
    request_owner_type nvarchar(60)
    request_owner_id bigint null
    request_owner_guid uniqueidentifier null
    request_owner_lockspace_id nvarchar(32)
    lock_owner_address varbinary(8)`,
  *rows({ instance }) {
    for (const session of instance.sessions.all()) {
      // A session holds a shared lock on its current database; master and tempdb are not locked.
      const databases = new Set([session.database, ...session.transactions.databases]);
      for (const database of databases)
        if (database.id > 2)
          yield row(session.id, database.id, "DATABASE", "S", "GRANT", "SHARED_TRANSACTION_WORKSPACE", "");
    }
    for (const request of instance.applicationLocks.requests())
      yield row(
        request.sessionId,
        request.resource.databaseId,
        "APPLICATION",
        request.mode,
        request.status,
        request.kind === "Session" ? "SESSION" : "TRANSACTION",
        resourceDescription(request.resource),
      );
  },
};
