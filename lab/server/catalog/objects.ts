/**
 * sys.objects, sys.tables, sys.columns, sys.types, sys.indexes, sys.index_columns, sys.partitions, sys.schemas.
 * Source: sql-docs relational-databases/system-catalog-views/sys-{objects,tables,columns,types,indexes,index-columns,
 * partitions,schemas}-transact-sql.md.
 */
import type { SqlValue } from "../../tsql/values";
import { DAYS_TO_1970, TICKS_PER_DAY } from "../../tsql/calendar";
import { CalendarTime } from "../../tsql/values";
import { isCharacter } from "../../tsql/types";
import type { Database } from "../database";
import { hasDatabasePermission } from "../database-permissions";
import { schemaOf, schemasOf } from "../schemas";
import type { KeyDefinition, TableDefinition } from "../storage/definitions";
import type { CatalogContext } from "./context";
import type { SystemView, ViewRow } from "./system-view";
import { allTypes, typeNumbers } from "./type-rows";
import { bit } from "./values";

/** Tables that the session may know of: those that it has any permission on (metadata visibility). */
function visibleTables(context: CatalogContext): readonly TableDefinition[] {
  const { database, session } = context;
  return database
    .tables(session.transactions)
    .filter((table) =>
      ["VIEW DEFINITION", "SELECT", "INSERT", "UPDATE", "DELETE"].some((permission) =>
        hasDatabasePermission(database, session, permission, table),
      ),
    );
}

/** A time of the instance's local clock, from ISO text without zone. */
function created(table: TableDefinition): SqlValue {
  const milliseconds = Date.parse(table.created.endsWith("Z") ? table.created : `${table.created}Z`);
  const days = Math.floor(milliseconds / 86_400_000);
  return new CalendarTime(days + DAYS_TO_1970, (milliseconds - days * 86_400_000) * (TICKS_PER_DAY / 86_400_000));
}

function schemaId(database: Database, name: string): number {
  return schemaOf(database, name)?.id ?? 1;
}

const objectColumns = `
  name sysname
  object_id int
  principal_id int null
  schema_id int
  parent_object_id int
  type char(2)
  type_desc nvarchar(60) null
  create_date datetime
  modify_date datetime
  is_ms_shipped bit
  is_published bit
  is_schema_published bit`;

function objectRow(
  context: CatalogContext,
  table: TableDefinition,
  own: {
    readonly name: string;
    readonly id: number;
    readonly parent: number;
    readonly type: string;
    readonly description: string;
  },
): ViewRow {
  return {
    name: own.name,
    object_id: own.id,
    schema_id: schemaId(context.database, table.schema),
    parent_object_id: own.parent,
    type: own.type.padEnd(2, " "),
    type_desc: own.description,
    create_date: created(table),
    modify_date: created(table),
    is_ms_shipped: bit(context.database.id <= 4),
    is_published: 0,
    is_schema_published: 0,
  };
}

/** object_id of a key: behind that of its table, which leaves 16 numbers free. */
function keyId(table: TableDefinition, key: KeyDefinition): number {
  return table.id + 1 + table.keys.indexOf(key);
}

const tableObject = (table: TableDefinition) => ({
  name: table.name,
  id: table.id,
  parent: 0,
  type: "U",
  description: "USER_TABLE",
});

export const objects: SystemView = {
  name: "sys.objects",
  columns: objectColumns,
  *rows(context) {
    for (const table of visibleTables(context)) {
      yield objectRow(context, table, tableObject(table));
      for (const key of table.keys) {
        if (key.kind === "unique index") continue;
        const primary = key.kind === "primary key";
        yield objectRow(context, table, {
          name: key.name,
          id: keyId(table, key),
          parent: table.id,
          type: primary ? "PK" : "UQ",
          description: primary ? "PRIMARY_KEY_CONSTRAINT" : "UNIQUE_CONSTRAINT",
        });
      }
    }
  },
};

export const tables: SystemView = {
  name: "sys.tables",
  columns: `${objectColumns}
    lob_data_space_id int null
    filestream_data_space_id int null
    max_column_id_used int
    lock_on_bulk_load bit
    uses_ansi_nulls bit null
    is_replicated bit null
    has_replication_filter bit null
    is_merge_published bit null
    is_sync_tran_subscribed bit null
    has_unchecked_assembly_data bit
    text_in_row_limit int null
    large_value_types_out_of_row bit null
    is_tracked_by_cdc bit null
    lock_escalation tinyint null
    lock_escalation_desc nvarchar(60) null
    is_filetable bit null since 11`,
  *rows(context) {
    for (const table of visibleTables(context))
      yield {
        ...objectRow(context, table, tableObject(table)),
        lob_data_space_id: 0,
        max_column_id_used: table.columns.length,
        lock_on_bulk_load: 0,
        uses_ansi_nulls: 1,
        is_replicated: 0,
        has_replication_filter: 0,
        is_merge_published: 0,
        is_sync_tran_subscribed: 0,
        has_unchecked_assembly_data: 0,
        text_in_row_limit: 0,
        large_value_types_out_of_row: 0,
        is_tracked_by_cdc: 0,
        lock_escalation: 0,
        lock_escalation_desc: "TABLE",
        is_filetable: 0,
      };
  },
};

export const columns: SystemView = {
  name: "sys.columns",
  columns: `
    object_id int
    name sysname null
    column_id int
    system_type_id tinyint
    user_type_id int
    max_length smallint
    precision tinyint
    scale tinyint
    collation_name sysname null
    is_nullable bit null
    is_ansi_padded bit
    is_rowguidcol bit
    is_identity bit
    is_computed bit
    is_filestream bit
    is_replicated bit null
    is_non_sql_subscribed bit null
    is_merge_published bit null
    is_dts_replicated bit null
    is_xml_document bit
    xml_collection_id int
    default_object_id int
    rule_object_id int
    is_sparse bit null
    is_column_set bit null`,
  *rows(context) {
    for (const table of visibleTables(context))
      for (const [index, column] of table.columns.entries()) {
        const numbers = typeNumbers(column.type);
        yield {
          object_id: table.id,
          name: column.name,
          column_id: index + 1,
          system_type_id: numbers.systemTypeId,
          user_type_id: numbers.systemTypeId,
          max_length: numbers.maxLength,
          precision: numbers.precision,
          scale: numbers.scale,
          collation_name: isCharacter(column.type) ? context.database.options.collation : null,
          is_nullable: bit(column.nullable),
          is_ansi_padded: bit(isCharacter(column.type)),
          is_rowguidcol: 0,
          is_identity: bit(column.generated !== undefined),
          is_computed: 0,
          is_filestream: 0,
          is_replicated: 0,
          is_non_sql_subscribed: 0,
          is_merge_published: 0,
          is_dts_replicated: 0,
          is_xml_document: 0,
          xml_collection_id: 0,
          default_object_id: column.default === undefined ? 0 : table.id + 8,
          rule_object_id: 0,
          is_sparse: 0,
          is_column_set: 0,
        };
      }
  },
};

export const types: SystemView = {
  name: "sys.types",
  columns: `
    name sysname
    system_type_id tinyint
    user_type_id int
    schema_id int
    principal_id int null
    max_length smallint
    precision tinyint
    scale tinyint
    collation_name sysname null
    is_nullable bit null
    is_user_defined bit
    is_assembly_type bit
    default_object_id int
    rule_object_id int
    is_table_type bit`,
  *rows({ database }) {
    const row = (
      name: string,
      system: number,
      user: number,
      numbers: readonly number[],
      nullable: boolean,
    ): ViewRow => ({
      name,
      system_type_id: system,
      user_type_id: user,
      schema_id: 4,
      max_length: numbers[0] ?? 0,
      precision: numbers[1] ?? 0,
      scale: numbers[2] ?? 0,
      collation_name: [35, 99, 167, 175, 231, 239].includes(system) ? database.options.collation : null,
      is_nullable: bit(nullable),
      is_user_defined: 0,
      is_assembly_type: 0,
      default_object_id: 0,
      rule_object_id: 0,
      is_table_type: 0,
    });
    for (const { name, systemTypeId, maxLength, precision, scale } of allTypes())
      yield row(name, systemTypeId, systemTypeId, [maxLength, precision, scale], name !== "timestamp");
    yield row("sysname", 231, 256, [256, 0, 0], false);
  },
};

/** Indexes of a table: the clustered key or the heap first, then the others; index_id 0 heap, 1 clustered. */
function indexesOf(
  table: TableDefinition,
): readonly { readonly id: number; readonly key: KeyDefinition | undefined }[] {
  const clustered = table.keys.find((key) => key.clustered);
  const others = table.keys.filter((key) => key !== clustered);
  return [
    { id: clustered === undefined ? 0 : 1, key: clustered },
    ...others.map((key, index) => ({ id: index + 2, key })),
  ];
}

export const indexes: SystemView = {
  name: "sys.indexes",
  columns: `
    object_id int
    name sysname null
    index_id int
    type tinyint
    type_desc nvarchar(60) null
    is_unique bit null
    data_space_id int null
    ignore_dup_key bit null
    is_primary_key bit null
    is_unique_constraint bit null
    fill_factor tinyint
    is_padded bit null
    is_disabled bit null
    is_hypothetical bit null
    allow_row_locks bit null
    allow_page_locks bit null
    has_filter bit null
    filter_definition nvarchar(max) null`,
  *rows(context) {
    for (const table of visibleTables(context))
      for (const { id, key } of indexesOf(table))
        yield {
          object_id: table.id,
          name: key?.name ?? null,
          index_id: id,
          type: Math.min(id, 2),
          type_desc: id === 0 ? "HEAP" : id === 1 ? "CLUSTERED" : "NONCLUSTERED",
          is_unique: bit(key !== undefined),
          data_space_id: 1,
          ignore_dup_key: 0,
          is_primary_key: bit(key?.kind === "primary key"),
          is_unique_constraint: bit(key?.kind === "unique"),
          fill_factor: 0,
          is_padded: 0,
          is_disabled: 0,
          is_hypothetical: 0,
          allow_row_locks: 1,
          allow_page_locks: 1,
          has_filter: 0,
        };
  },
};

export const indexColumns: SystemView = {
  name: "sys.index_columns",
  columns: `
    object_id int
    index_id int
    index_column_id int
    column_id int
    key_ordinal tinyint
    partition_ordinal tinyint
    is_descending_key bit null
    is_included_column bit null`,
  *rows(context) {
    for (const table of visibleTables(context))
      for (const { id, key } of indexesOf(table))
        for (const [index, column] of (key?.columns ?? []).entries())
          yield {
            object_id: table.id,
            index_id: id,
            index_column_id: index + 1,
            column_id: column + 1,
            key_ordinal: index + 1,
            partition_ordinal: 0,
            is_descending_key: 0,
            is_included_column: 0,
          };
  },
};

export const partitions: SystemView = {
  name: "sys.partitions",
  columns: `
    partition_id bigint
    object_id int
    index_id int
    partition_number int
    hobt_id bigint
    rows bigint
    filestream_filegroup_id smallint
    data_compression tinyint
    data_compression_desc nvarchar(60) null`,
  *rows(context) {
    for (const table of visibleTables(context)) {
      const count = BigInt(context.database.rowCount(context.session.transactions, table));
      for (const { id } of indexesOf(table)) {
        // Of a table, its heap or clustered index: DATA_COMPRESSION of other indexes is not kept.
        const compression = id > 1 ? undefined : table.compression;
        // The number SQL Server makes of object and index: unique within the database.
        const partition = 72057594037927936n + BigInt(table.id) * 65536n + BigInt(id);
        yield {
          partition_id: partition,
          object_id: table.id,
          index_id: id,
          partition_number: 1,
          hobt_id: partition,
          rows: count,
          filestream_filegroup_id: 0,
          data_compression: compression === undefined ? 0 : compression === "ROW" ? 1 : 2,
          data_compression_desc: compression ?? "NONE",
        };
      }
    }
  },
};

export const schemas: SystemView = {
  name: "sys.schemas",
  columns: `
    name sysname
    schema_id int
    principal_id int null`,
  *rows({ database, session }) {
    for (const schema of schemasOf(database, session.transactions))
      yield { name: schema.name, schema_id: schema.id, principal_id: schema.principalId };
  },
};
