/**
 * sys.dm_server_services, sys.dm_os_sys_info, sys.configurations, sys.servers, sys.dm_os_performance_counters.
 * Source: sql-docs relational-databases/system-dynamic-management-views/sys-dm-{server-services,os-sys-info,
 * os-performance-counters}-transact-sql.md, system-catalog-views/sys-{configurations,servers}-transact-sql.md.
 */
import { cpus, totalmem } from "node:os";
import { fromEpoch } from "../../tsql/calendar";
import { CalendarTime, Variant, type SqlValue } from "../../tsql/values";
import { configurationOptions } from "../server-configuration";
import type { SystemView, ViewRow } from "./system-view";
import { bit, padded } from "./values";

const STATES = {
  stopped: [1, "Stopped"],
  starting: [2, "Start Pending"],
  stopping: [3, "Stop Pending"],
  running: [4, "Running"],
} as const;

/** State of a Windows service as sys.dm_server_services shows it. */
export type ServiceState = keyof typeof STATES;

/** datetimeoffset of a UTC time in the instance's zone. */
function withOffset(utc: number, local: number): CalendarTime {
  const point = fromEpoch(utc);
  return new CalendarTime(point.days, point.ticks, Math.round((local - utc) / 60_000));
}

export const services: SystemView = {
  name: "sys.dm_server_services",
  // SQL Server 2008 R2 SP1.
  sinceBuild: { 10: 2500 },
  needs: "VIEW SERVER STATE",
  columns: `
    servicename nvarchar(256)
    startup_type int null
    startup_type_desc nvarchar(256)
    status int null
    status_desc nvarchar(256)
    process_id int null
    last_startup_time datetimeoffset(7) null
    service_account nvarchar(256)
    filename nvarchar(256)
    is_clustered nvarchar(1)
    cluster_nodename nvarchar(256) null`,
  *rows({ instance }) {
    const folder = "C:\\Program Files\\Microsoft SQL Server\\MSSQL\\Binn";
    const service = (name: string, state: ServiceState, account: string, file: string): ViewRow => ({
      servicename: `${name} (MSSQLSERVER)`,
      startup_type: 2,
      startup_type_desc: "Automatic",
      status: STATES[state][0],
      status_desc: STATES[state][1],
      process_id: state === "stopped" ? null : process.pid,
      last_startup_time: null,
      service_account: account,
      filename: `"${folder}\\${file}"`,
      is_clustered: "N",
      cluster_nodename: null,
    });
    const { core } = instance;
    const offset = core.localTime() - instance.utcTime();
    yield {
      ...service("SQL Server", "running", core.environment.engineAccount, 'sqlservr.exe" -sMSSQLSERVER'),
      last_startup_time: withOffset(core.startTime - offset, core.startTime),
    };
    yield service("SQL Server Agent", instance.agentState(), instance.agentAccount, 'SQLAGENT.EXE" -i MSSQLSERVER');
  },
};

export const systemInformation: SystemView = {
  name: "sys.dm_os_sys_info",
  needs: "VIEW SERVER STATE",
  columns: `
    cpu_ticks bigint
    ms_ticks bigint
    cpu_count int
    hyperthread_ratio int
    physical_memory_kb bigint since 11
    virtual_memory_kb bigint since 11
    committed_kb bigint since 11
    committed_target_kb bigint since 11
    visible_target_kb bigint since 11
    stack_size_in_bytes int
    os_quantum bigint
    os_error_mode int
    os_priority_class int null
    max_workers_count int
    scheduler_count int
    scheduler_total_count int
    deadlock_monitor_serial_number int
    sqlserver_start_time_ms_ticks bigint
    sqlserver_start_time datetime
    affinity_type int
    affinity_type_desc varchar(60)
    process_kernel_time_ms bigint
    process_user_time_ms bigint
    time_source int
    time_source_desc nvarchar(60)
    virtual_machine_type int
    virtual_machine_type_desc nvarchar(60)`,
  *rows({ instance: { core } }) {
    const count = cpus().length;
    const memory = BigInt(Math.round(totalmem() / 1024));
    const used = process.memoryUsage();
    const processor = process.cpuUsage();
    yield {
      cpu_ticks: process.hrtime.bigint(),
      ms_ticks: BigInt(Math.round(core.localTime() - core.startTime)),
      cpu_count: count,
      hyperthread_ratio: 1,
      physical_memory_kb: memory,
      virtual_memory_kb: memory,
      committed_kb: BigInt(Math.round(used.rss / 1024)),
      committed_target_kb: memory,
      visible_target_kb: memory,
      stack_size_in_bytes: 2093056,
      os_quantum: 4n,
      os_error_mode: 5,
      os_priority_class: 32,
      max_workers_count: 512,
      scheduler_count: count,
      scheduler_total_count: count,
      deadlock_monitor_serial_number: 0,
      sqlserver_start_time_ms_ticks: 0n,
      sqlserver_start_time: fromEpoch(core.startTime),
      affinity_type: 2,
      affinity_type_desc: "AUTO",
      process_kernel_time_ms: BigInt(Math.round(processor.system / 1000)),
      process_user_time_ms: BigInt(Math.round(processor.user / 1000)),
      time_source: 0,
      time_source_desc: "QUERY_PERFORMANCE_COUNTER",
      virtual_machine_type: 0,
      virtual_machine_type_desc: "NONE",
    };
  },
};

export const configurations: SystemView = {
  name: "sys.configurations",
  columns: `
    configuration_id int
    name nvarchar(35)
    value sql_variant null
    minimum sql_variant null
    maximum sql_variant null
    value_in_use sql_variant null
    description nvarchar(255)
    is_dynamic bit
    is_advanced bit`,
  *rows({ instance }) {
    const int = (value: number): SqlValue => new Variant({ name: "int" }, value);
    for (const option of configurationOptions) {
      // SQL Server Agent turns its procedures on when it starts and off when it stops.
      const agent = option.name === "Agent XPs" && instance.agentState() === "running";
      yield {
        configuration_id: option.id,
        name: option.name,
        value: int(agent ? 1 : instance.configuration.configured(option)),
        minimum: int(option.minimum),
        maximum: int(option.maximum),
        value_in_use: int(agent ? 1 : instance.configuration.inUse(option)),
        description: option.description,
        is_dynamic: bit(option.isDynamic),
        is_advanced: bit(option.isAdvanced),
      };
    }
  },
};

export const servers: SystemView = {
  name: "sys.servers",
  columns: `
    server_id int
    name sysname
    product sysname
    provider sysname
    data_source nvarchar(4000) null
    location nvarchar(4000) null
    provider_string nvarchar(4000) null
    catalog sysname null
    connect_timeout int null
    query_timeout int null
    is_linked bit
    is_remote_login_enabled bit
    is_rpc_out_enabled bit
    is_data_access_enabled bit
    is_collation_compatible bit
    uses_remote_collation bit
    collation_name sysname null
    lazy_schema_validation bit
    is_system bit
    is_publisher bit
    is_subscriber bit null
    is_distributor bit null
    is_nonsql_subscriber bit null
    is_remote_proc_transaction_promotion_enabled bit null
    modify_date datetime`,
  *rows({ instance }) {
    yield {
      server_id: 0,
      name: instance.name,
      product: "SQL Server",
      provider: "SQLNCLI",
      data_source: instance.name,
      connect_timeout: 0,
      query_timeout: 0,
      is_linked: 0,
      is_remote_login_enabled: 1,
      is_rpc_out_enabled: 1,
      is_data_access_enabled: 0,
      is_collation_compatible: 0,
      uses_remote_collation: 1,
      lazy_schema_validation: 0,
      is_system: 0,
      is_publisher: 0,
      is_subscriber: 0,
      is_distributor: 0,
      is_nonsql_subscriber: 0,
      is_remote_proc_transaction_promotion_enabled: 0,
      modify_date: fromEpoch(instance.core.database("master")?.createDate ?? 0),
    };
  },
};

export const performanceCounters: SystemView = {
  name: "sys.dm_os_performance_counters",
  needs: "VIEW SERVER STATE",
  columns: `
    object_name nchar(128)
    counter_name nchar(128)
    instance_name nchar(128) null
    cntr_value bigint
    cntr_type int`,
  *rows({ instance }) {
    const counter = (object: string, name: string, of: string, value: number, type = 65792): ViewRow => ({
      object_name: padded(`SQLServer:${object}`, 128),
      counter_name: padded(name, 128),
      instance_name: padded(of, 128),
      cntr_value: BigInt(Math.round(value)),
      cntr_type: type,
    });
    yield counter("General Statistics", "User Connections", "", instance.sessions.all().length);
    for (const database of instance.core.databases) {
      const size = database.log.sizeBytes / 1024;
      const used = database.log.usedBytes / 1024;
      const data = database.files.filter((file) => file.type === "ROWS");
      const pages = data.reduce((sum, file) => sum + database.filePages(file.fileId), 0);
      yield counter("Databases", "Data File(s) Size (KB)", database.name, pages * 8);
      yield counter("Databases", "Log File(s) Size (KB)", database.name, size);
      yield counter("Databases", "Log File(s) Used Size (KB)", database.name, used);
      yield counter("Databases", "Percent Log Used", database.name, size === 0 ? 0 : (used / size) * 100);
    }
  },
};
