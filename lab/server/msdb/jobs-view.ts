/** msdb.dbo.sysjobs_view: the jobs that the caller may see (sql-docs, "SQL Server Agent fixed database roles"). */
import type { SystemView } from "../catalog/system-view";
import { isRoleMember, userOf } from "../database-principals";
import { hexText } from "../catalog/values";

export const jobsView: SystemView = {
  name: "dbo.sysjobs_view",
  columns: `
    job_id uniqueidentifier
    originating_server nvarchar(128) null
    name sysname
    enabled tinyint
    description nvarchar(512) null
    start_step_id int
    category_id int
    owner_sid varbinary(85)
    notify_level_eventlog int
    notify_level_email int
    notify_level_netsend int
    notify_level_page int
    notify_email_operator_id int
    notify_netsend_operator_id int
    notify_page_operator_id int
    delete_level int
    date_created datetime
    date_modified datetime
    version_number int
    originating_server_id int
    master_server bit`,
  *rows({ session, instance, database }) {
    const user = userOf(database, session);
    const seesAll =
      session.isSysadmin ||
      (user !== undefined && isRoleMember(database, user, "SQLAgentReaderRole", session.transactions));
    for (const job of instance.msdb.rows("sysjobs", undefined, session)) {
      const owner = job["owner_sid"];
      if (!seesAll && !(owner instanceof Uint8Array && hexText(owner) === session.principal.sid)) continue;
      yield { ...job, originating_server: instance.name, master_server: 0 };
    }
  },
};
