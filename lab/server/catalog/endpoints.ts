/**
 * sys.endpoints, sys.tcp_endpoints, sys.database_mirroring_endpoints, sys.database_mirroring_witnesses,
 * sys.dm_db_persisted_sku_features.
 * Source: sql-docs relational-databases/system-catalog-views/sys-{endpoints,tcp-endpoints,database-mirroring-endpoints}-
 * transact-sql.md, database-mirroring-witness-catalog-views-sys-database-mirroring-witnesses.md, system-dynamic-management-views/sys-dm-db-persisted-sku-features-transact-sql.md.
 */
import { editionFeaturesOf } from "../edition-features";
import { encryptionKey } from "../encryption";
import type { MirroringEndpoint } from "../mirroring-endpoints";
import type { SystemView, ViewRow } from "./system-view";
import { bit } from "./values";

const STATES = ["STARTED", "STOPPED", "DISABLED"] as const;
const ROLES = ["NONE", "PARTNER", "WITNESS", "ALL"] as const;
const ALGORITHMS = ["NONE", "RC4", "AES", "NONE, RC4", "NONE, AES", "RC4, AES", "AES, RC4"] as const;
const AUTHENTICATIONS = ["", "NTLM", "KERBEROS", "NEGOTIATE", "CERTIFICATE"] as const;

const common = `
  name sysname
  endpoint_id int
  principal_id int null
  protocol tinyint
  protocol_desc nvarchar(60) null
  type tinyint
  type_desc nvarchar(60) null
  state tinyint null
  state_desc nvarchar(60) null
  is_admin_endpoint bit`;

function mirroringRow(endpoint: MirroringEndpoint): ViewRow {
  return {
    name: endpoint.name,
    endpoint_id: endpoint.id,
    principal_id: endpoint.principalId,
    protocol: 2,
    protocol_desc: "TCP",
    type: 4,
    type_desc: "DATABASE_MIRRORING",
    state: STATES.indexOf(endpoint.state),
    state_desc: endpoint.state,
    is_admin_endpoint: 0,
  };
}

/** The endpoint through which clients come. */
function clientRow(): ViewRow {
  return {
    name: "TSQL Default TCP",
    endpoint_id: 4,
    principal_id: 1,
    protocol: 2,
    protocol_desc: "TCP",
    type: 2,
    type_desc: "TSQL",
    state: 0,
    state_desc: "STARTED",
    is_admin_endpoint: 0,
  };
}

export const endpoints: SystemView = {
  name: "sys.endpoints",
  columns: common,
  *rows({ instance }) {
    yield clientRow();
    for (const endpoint of instance.endpoints.all()) yield mirroringRow(endpoint);
  },
};

export const tcpEndpoints: SystemView = {
  name: "sys.tcp_endpoints",
  columns: `${common}
    port int
    is_dynamic_port bit
    ip_address nvarchar(45) null`,
  *rows({ instance }) {
    yield { ...clientRow(), port: 0, is_dynamic_port: 1 };
    for (const endpoint of instance.endpoints.all())
      yield {
        ...mirroringRow(endpoint),
        port: endpoint.port,
        is_dynamic_port: 0,
        ip_address: endpoint.address === "ALL" ? null : endpoint.address,
      };
  },
};

export const mirroringEndpoints: SystemView = {
  name: "sys.database_mirroring_endpoints",
  columns: `${common}
    role tinyint null
    role_desc nvarchar(60) null
    is_encryption_enabled bit
    connection_auth tinyint
    connection_auth_desc nvarchar(60) null
    certificate_id int
    encryption_algorithm tinyint
    encryption_algorithm_desc nvarchar(60) null`,
  *rows({ instance }) {
    for (const endpoint of instance.endpoints.all()) {
      const encrypted = endpoint.encryption !== "DISABLED";
      const algorithm = encrypted
        ? ALGORITHMS.indexOf(endpoint.algorithm.replace(" ", ", ") as (typeof ALGORITHMS)[number])
        : 0;
      const authentication = AUTHENTICATIONS.findIndex((name) => name !== "" && endpoint.authentication.includes(name));
      yield {
        ...mirroringRow(endpoint),
        role: ROLES.indexOf(endpoint.role),
        role_desc: endpoint.role,
        is_encryption_enabled: bit(encrypted),
        connection_auth: authentication === -1 ? 3 : authentication,
        connection_auth_desc: AUTHENTICATIONS[authentication === -1 ? 3 : authentication] ?? null,
        certificate_id: 0,
        encryption_algorithm: Math.max(0, algorithm),
        encryption_algorithm_desc: ALGORITHMS[Math.max(0, algorithm)] ?? null,
      };
    }
  },
};

export const mirroringWitnesses: SystemView = {
  name: "sys.database_mirroring_witnesses",
  columns: `
    database_name sysname
    principal_server_name sysname
    mirror_server_name sysname
    safety_level tinyint
    safety_level_desc nvarchar(60)
    safety_sequence_number int
    role_sequence_number int
    mirroring_guid uniqueidentifier
    family_guid uniqueidentifier
    is_suspended bit
    is_suspended_sequence_number int
    partner_sync_state tinyint
    partner_sync_state_desc nvarchar(60)`,
  *rows({ instance }) {
    for (const role of instance.core.witnessRoles())
      yield {
        database_name: role.database,
        principal_server_name: role.principal,
        mirror_server_name: role.mirror,
        safety_level: role.safety === "FULL" ? 2 : 1,
        safety_level_desc: role.safety,
        safety_sequence_number: role.safetySequence,
        role_sequence_number: role.roleSequence,
        mirroring_guid: role.guid,
        family_guid: role.familyGuid,
        is_suspended: bit(role.suspended),
        is_suspended_sequence_number: 1,
        partner_sync_state: role.synchronized ? 5 : 6,
        partner_sync_state_desc: role.synchronized ? "SYNCHRONIZED" : "UNSYNCHRONIZED",
      };
  },
};

export const editionFeatures: SystemView = {
  name: "sys.dm_db_persisted_sku_features",
  columns: `
    feature_name sysname null
    feature_id int null`,
  // Partitioning and change data capture are not in the lab: no database uses them.
  *rows({ database, session }) {
    for (const { name, id } of editionFeaturesOf(database, session.transactions))
      yield { feature_name: name, feature_id: id };
    if (encryptionKey(database)?.isOn === true) yield { feature_name: "TransparentDataEncryption", feature_id: 400 };
  },
};
