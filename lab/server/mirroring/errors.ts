/** Errors of database mirroring. Texts: "Database engine events and errors", 1000-1999. */
import { SqlError } from "../../tsql/errors";
import { storageErrors } from "../storage/errors";

const error = (number: number, text: string, severity = 16): SqlError => new SqlError(number, severity, text);

export const mirroringErrors = {
  alreadyPartner: (name: string) => error(1405, `The database "${name}" is already enabled for database mirroring.`),
  notRelated: (name: string) =>
    error(1407, `The remote copy of database "${name}" is not related to the local copy of the database.`),
  remoteAlready: (name: string) =>
    error(1410, `The remote copy of database "${name}" is already enabled for database mirroring.`),
  notRolledForward: (name: string) =>
    error(
      1412,
      `The remote copy of database "${name}" has not been rolled forward to a point in time that is encompassed in the local copy of the database log.`,
    ),
  notConfigured: (name: string) => error(1416, `Database "${name}" is not configured for database mirroring.`),
  unreachable: (address: string) =>
    error(
      1418,
      `The server network address "${address}" can not be reached or does not exist. Check the network address name and that the ports for the local and remote endpoints are operational.`,
    ),
  remoteUnopened: (name: string) =>
    error(
      1419,
      `The remote copy of database "${name}" cannot be opened. Check the database name and ensure that it is in the restoring state, and then reissue the command.`,
    ),
  notSynchronized: (name: string) =>
    error(
      1422,
      `The mirror server instance is not caught up to the recent changes to database "${name}". Unable to fail over.`,
    ),
  witnessNeedsAll: () =>
    error(
      1426,
      "To issue ALTER DATABASE SET WITNESS, all three server instances must be interconnected, and the mirror database must be caught up. When these conditions are met, reissue the command.",
    ),
  notAWitness: (address: string) =>
    error(
      1427,
      `The server instance '${address}' could not act as the witness. The ALTER DATABASE SET WITNESS command failed.`,
    ),
  witnessIsPartner: () =>
    error(
      1429,
      "The witness server instance name must be distinct from both of the server instances that manage the database. The ALTER DATABASE SET WITNESS command failed.",
    ),
  nobodyThere: (name: string) =>
    error(
      1431,
      `Neither the partner nor the witness server instance for database "${name}" is available. Reissue the command when at least one of the instances becomes available.`,
    ),
  noWitness: (name: string) => error(1439, `There is currently no witness associated with database "${name}".`),
  bothPartnersNeeded: (name: string) =>
    error(
      1447,
      `ALTER DATABASE "${name}" command cannot be executed until both partner server instances are up, running, and connected. Start the partner and reissue the command.`,
    ),
  remoteAbsent: (name: string) =>
    error(
      1448,
      `The remote copy of database "${name}" does not exist. Check the database name and reissue the command.`,
    ),
  ownAddress: (address: string) =>
    error(
      1452,
      `The partner server instance name must be distinct from the server instance that manages the database. The ALTER DATABASE SET PARTNER command failed (${address}).`,
    ),
  forceRefused: (name: string) =>
    error(
      1455,
      `The database mirroring service cannot be forced for database "${name}" because the database is not in the correct state to become the principal database.`,
    ),
  remoteNotRestoring: (name: string) =>
    error(
      1464,
      `Database "${name}" is not in a restoring state, which is required for a mirror database. The remote database must be restored using WITH NORECOVERY.`,
    ),
  notFull: (name: string) =>
    error(
      1465,
      `Database "${name}" database is not in full recovery mode on each of the server instances. The full recovery model is required for a database to participate in database mirroring or in an availability group.`,
    ),
  readOnly: (name: string) =>
    error(
      1466,
      `Database "${name}" is read-only on one of the server instances which is incompatible with participating in database mirroring or in an availability group.`,
    ),
  emergencyOrSuspect: (name: string) =>
    error(
      1467,
      `Database "${name}" is in emergency or suspect mode on one of the partners which is incompatible with participating in database mirroring or in an availability group.`,
    ),
  involved: (name: string) => storageErrors.mirroredOption(name),
  autoClose: (name: string) =>
    error(
      1469,
      `Database "${name}" is an auto-close database on one of the partnerswhich is incompatible with participating in database mirroring or in an availability group.`,
    ),
  onlyPrincipal: (name: string) =>
    error(
      1470,
      `The alter database for this partner config values may only be initiated on the current principal server for database "${name}".`,
    ),
  bulkChanges: (name: string) =>
    error(
      1475,
      `Database "${name}" might contain bulk logged changes that have not been backed up. Take a log backup on the principal database or primary database. Then restore this backup either on the mirror database to enable database mirroring or on every secondary availability replica to enable you to join it to the availability group.`,
    ),
  timeoutRange: () => error(1476, "Database mirroring timeout value exceeds the maximum value 32767."),
  safetyOff: (name: string) =>
    error(
      1477,
      `The database mirroring safety level must be FULL to manually failover database "${name}". Set safety level to FULL and retry.`,
    ),
  insufficientLog: (name: string) =>
    error(
      1478,
      `The mirror database, "${name}", has insufficient transaction log data to preserve the log backup chain of the principal database.  This may happen if a log backup from the principal database has not been taken or has not been restored on the mirror database.`,
    ),
  singleUser: (name: string) =>
    error(
      1488,
      `Database "${name}" database is in single user mode which is incompatible with participating in database mirroring or in an availability group. Set database to multi-user mode, and retry the operation.`,
    ),
} as const;
