/**
 * SERVERPROPERTY, CONNECTIONPROPERTY, HOST_NAME, APP_NAME, HOST_ID.
 * Source: sql-docs t-sql/functions/{serverproperty,connectionproperty,host-name,app-name}-transact-sql.md.
 */
import { SYSNAME, type SqlValue, Variant } from "../../tsql/values";
import type { Instance } from "../instance";
import { EDITIONS, productVersion, releaseOf } from "../product";
import { define, type FunctionTable, intVariant, textOf, textVariant } from "./definition";

type Property = (instance: Instance) => SqlValue;

/** Properties of the server; those marked with a version answer NULL before it. */
const PROPERTIES: Readonly<Record<string, Property>> = {
  BUILDCLRVERSION: () => textVariant("v4.0.30319"),
  COLLATION: (instance) => textVariant(instance.collation),
  COLLATIONID: () => intVariant(872468488),
  COMPARISONSTYLE: () => intVariant(196609),
  COMPUTERNAMEPHYSICALNETBIOS: (instance) => textVariant(instance.hostName),
  EDITION: (instance) => textVariant(EDITIONS[instance.edition].text),
  EDITIONID: (instance) => new Variant({ name: "bigint" }, EDITIONS[instance.edition].id),
  ENGINEEDITION: (instance) => intVariant(EDITIONS[instance.edition].engine),
  FILESTREAMCONFIGUREDLEVEL: () => intVariant(0),
  FILESTREAMEFFECTIVELEVEL: () => intVariant(0),
  INSTANCEDEFAULTDATAPATH: (instance) =>
    instance.version.major >= 11 ? textVariant(`${instance.defaultDataPath}\\`) : null,
  INSTANCEDEFAULTLOGPATH: (instance) =>
    instance.version.major >= 11 ? textVariant(`${instance.defaultLogPath}\\`) : null,
  // The default instance has no name of its own.
  INSTANCENAME: () => null,
  ISCLUSTERED: () => intVariant(0),
  ISFULLTEXTINSTALLED: () => intVariant(0),
  ISHADRENABLED: (instance) => (instance.version.major >= 11 ? intVariant(0) : null),
  ISINTEGRATEDSECURITYONLY: (instance) => intVariant(instance.windowsAuthenticationOnly ? 1 : 0),
  ISLOCALDB: (instance) => (instance.version.major >= 11 ? intVariant(0) : null),
  ISSINGLEUSER: () => intVariant(0),
  LCID: () => intVariant(1033),
  LICENSETYPE: () => textVariant("DISABLED"),
  MACHINENAME: (instance) => textVariant(instance.hostName),
  NUMLICENSES: () => null,
  PROCESSID: () => intVariant(process.pid),
  PRODUCTBUILD: (instance) => textVariant(String(instance.version.build)),
  PRODUCTLEVEL: (instance) => textVariant(releaseOf(instance.version).level),
  PRODUCTMAJORVERSION: (instance) =>
    instance.version.major >= 11 ? textVariant(String(instance.version.major)) : null,
  PRODUCTMINORVERSION: (instance) =>
    instance.version.major >= 11 ? textVariant(String(instance.version.minor)) : null,
  PRODUCTVERSION: (instance) => textVariant(productVersion(instance.version)),
  RESOURCEVERSION: (instance) => textVariant(productVersion(instance.version)),
  SERVERNAME: (instance) => textVariant(instance.name),
  SQLCHARSET: () => new Variant({ name: "tinyint" }, 1),
  SQLCHARSETNAME: () => textVariant("iso_1"),
  SQLSORTORDER: () => new Variant({ name: "tinyint" }, 52),
  SQLSORTORDERNAME: () => textVariant("nocase_iso"),
};

export const serverFunctions: FunctionTable = {
  // An unknown property is NULL, not an error.
  SERVERPROPERTY: define({ name: "sql_variant" }, ([name], session) => {
    const property = PROPERTIES[(textOf(name) ?? "").toUpperCase()];
    return property === undefined ? null : property(session.instance);
  }),
  CONNECTIONPROPERTY: define({ name: "sql_variant" }, ([name], session) => {
    switch ((textOf(name) ?? "").toLowerCase()) {
      case "net_transport":
      case "physical_net_transport":
        return session.connection === undefined ? textVariant("Shared memory") : textVariant("TCP");
      case "protocol_type":
        return textVariant("TSQL");
      case "auth_scheme":
        return textVariant("SQL");
      case "client_net_address":
        return session.connection === undefined
          ? textVariant("<local machine>")
          : textVariant(session.connection.remoteAddress);
      default:
        return null;
    }
  }),
  HOST_NAME: define(SYSNAME, (_, session) => session.hostName),
  HOST_ID: define({ name: "char", length: 10 }, (_, session) => String(session.clientProcessId).padEnd(10, " ")),
  APP_NAME: define(SYSNAME, (_, session) => session.programName),
};
