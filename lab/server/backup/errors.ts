/** Errors and messages of BACKUP and RESTORE. Texts: "Database engine events and errors", 3000-3999 and 4000-4999. */
import type { Message } from "../../tsql/results";
import { SqlError } from "../../tsql/errors";

const error = (number: number, text: string, state = 1, severity = 16): SqlError =>
  new SqlError(number, severity, text, { state });

const information = (number: number, text: string): Pick<Message, "number" | "state" | "class" | "text"> => ({
  number,
  state: 1,
  class: 10,
  text,
});

const setName = (position: number): string => `The backup set on file ${String(position)}`;

export const backupErrors = {
  terminating: (statement: string) => error(3013, `${statement} is terminating abnormally.`),
  planning: () =>
    error(
      3119,
      "Problems were identified while planning for the RESTORE statement. Previous messages provide details.",
    ),
  /** For the statement's caller, who knows the depth of the transaction. */
  inTransaction: () => error(3021, "Cannot perform a backup or restore operation within a transaction.", 0),
  serialized: () =>
    error(
      3023,
      "Backup, file manipulation operations (such as ALTER DATABASE ADD FILE) and encryption changes on a database must be serialized. Reissue the statement after the current backup or file manipulation operation is completed.",
      2,
    ),
  emergency: () => error(3033, "BACKUP DATABASE cannot be used on a database opened in emergency mode."),
  noDifferentialBase: (name: string) =>
    error(
      3035,
      `Cannot perform a differential backup for database "${name}", because a current database backup does not exist. Perform a full database backup by reissuing BACKUP DATABASE, omitting the WITH DIFFERENTIAL option.`,
    ),
  standby: (name: string) =>
    error(
      3036,
      `The database "${name}" is in warm-standby state (set by executing RESTORE WITH STANDBY) and cannot be backed up until the entire restore sequence is completed.`,
    ),
  badPage: (name: string, page: number, file: string) =>
    error(3043, `BACKUP '${name}' detected an error on page (1:${String(page)}) in file '${file}'.`),
  invalidDeviceName: () =>
    error(3044, "Invalid zero-length device name. Reissue the BACKUP statement with a valid device name."),
  deviceNameTooLong: (most: number) =>
    error(
      3057,
      `Invalid device name. The length of the device name provided exceeds supported limit (maximum length is:${String(most)}). Reissue the BACKUP statement with a valid device name.`,
    ),
  onMirror: () =>
    error(3059, "This BACKUP or RESTORE command is not supported on a database mirror or secondary replica."),
  formatMismatch: (device: string) =>
    error(
      3098,
      `The backup cannot be performed because '${device}' was requested after the media was formatted with an incompatible structure. To append to this media set, either omit '${device}' or specify '${device === "COMPRESSION" ? "NO_COMPRESSION" : "COMPRESSION"}'. Alternatively, you can create a new media set by using WITH FORMAT in your BACKUP statement. If you use WITH FORMAT on an existing media set, all its backup sets will be overwritten.`,
      2,
    ),
  inUse: () => error(3101, "Exclusive access could not be obtained because the database is in use."),
  usedBySession: (statement: string, name: string) =>
    error(
      3102,
      `${statement} cannot process database '${name}' because it is in use by this session. It is recommended that the master database be used when performing this operation.`,
    ),
  mirrored: (name: string) =>
    error(
      3104,
      `RESTORE cannot operate on database '${name}' because it is configured for database mirroring or has joined an availability group. If you intend to restore the database, use ALTER DATABASE to remove mirroring or to remove the database from its availability group.`,
    ),
  notReadyToRollForward: () =>
    error(3117, "The log or differential backup cannot be restored because no files are ready to rollforward."),
  databaseAbsent: (name: string) =>
    error(
      3118,
      `The database "${name}" does not exist. RESTORE can only create a database when restoring either a full backup or a file backup of the primary file.`,
    ),
  familiesMissing: (needed: number, given: number) =>
    error(
      3132,
      `The media set has ${String(needed)} media families but only ${String(given)} are provided. All members must be provided.`,
    ),
  otherKind: (name: string, made: string, statement: string) =>
    error(
      3135,
      `The backup set in file '${name}' was created by ${made} and cannot be used for this restore operation (${statement}).`,
      2,
    ),
  differentialState: () =>
    error(
      3136,
      "This differential backup cannot be restored because the database has not been restored to the correct earlier state.",
    ),
  fileNotOverwritten: (file: string) =>
    error(
      3142,
      `File "${file}" cannot be restored over the existing "${file}". Reissue the RESTORE statement using WITH REPLACE to overwrite pre-existing files, or WITH MOVE to identify an alternate location.`,
    ),
  alreadyRecovered: () => error(3153, "The database is already fully recovered."),
  otherDatabase: (name: string) =>
    error(3154, `The backup set holds a backup of a database other than the existing '${name}' database.`, 4),
  useMove: (logical: string, physical: string) =>
    error(
      3156,
      `File '${logical}' cannot be restored to '${physical}'. Use WITH MOVE to identify a valid location for the file.`,
      8,
    ),
  tailNotBackedUp: (name: string) =>
    error(
      3159,
      `The tail of the log for the database "${name}" has not been backed up. Use BACKUP LOG WITH NORECOVERY to backup the log if it contains work you do not want to lose. Use the WITH REPLACE or WITH STOPAT clause of the RESTORE statement to just overwrite the contents of the log.`,
    ),
  newerVersion: (theirs: string, ours: string) =>
    error(
      3169,
      `The database was backed up on a server running version ${theirs}. That version is incompatible with this server, which is running version ${ours}. Either restore the database on a server that supports the backup, or use a backup that is compatible with this server.`,
    ),
  claimedTwice: (file: string, logical: string, other: string) =>
    error(
      3176,
      `File '${file}' is claimed by '${logical}'(2) and '${other}'(1). The WITH MOVE clause can be used to relocate one or more files.`,
    ),
  pageDamaged: (page: number, name: string) =>
    error(
      3183,
      `RESTORE detected an error on page (1:${String(page)}) in database "${name}" as read from the backup set.`,
      2,
    ),
  noChecksums: () =>
    error(
      3187,
      "RESTORE WITH CHECKSUM cannot be specified because the backup set does not contain checksum information.",
    ),
  damage: () => error(3189, "Damage to the backup set was detected."),
  open: (device: string, system: string, state = 2) =>
    error(3201, `Cannot open backup device '${device}'. Operating system error ${system}.`, state),
  write: (device: string, system: string) => error(3202, `Write on "${device}" failed: ${system}`),
  read: (device: string, system: string) => error(3203, `Read on "${device}" failed: ${system}`),
  aborted: () => error(3204, "The backup or restore was aborted."),
  tooManyDevices: () => error(3205, "Too many backup devices specified for backup or restore; only 64 are allowed."),
  noDevice: (statement: string) => error(3207, `${statement} requires a device: no backup device was specified.`),
  wrongFamily: (device: string, other: string) =>
    error(
      3227,
      `The backup media on "${device}" is part of media family "${other}" which has already been processed on another device. Ensure that backup devices are correctly specified.`,
    ),
  unknownLogicalFile: (logical: string, name: string) =>
    error(
      3234,
      `Logical file '${logical}' is not part of database '${name}'. Use RESTORE FILELISTONLY to list the logical file names.`,
      2,
    ),
  badFamily: (device: string) =>
    error(
      3241,
      `The media family on device '${device}' is incorrectly formed. SQL Server cannot process this media family.`,
      0,
    ),
  notTape: (device: string) =>
    error(3242, `The file on device '${device}' is not a valid Microsoft Tape Format backup set.`, 2),
  outOfRange: (value: number, parameter: string) =>
    error(3250, `The value '${String(value)}' is not within range for the ${parameter} parameter.`),
  blockSizePower: () => error(3253, "The block size parameter must supply a value that is a power of 2."),
  emptyVolume: (device: string) => error(3254, `The volume on device '${device}' is empty.`),
  incompleteSet: (device: string) =>
    error(
      3256,
      `The backup set on device '${device}' was terminated while it was being created and is incomplete. RESTORE sequence is terminated abnormally.`,
    ),
  noSpace: (volume: string, name: string, needed: number, available: number) =>
    error(
      3257,
      `There is insufficient free space on disk volume '${volume}' to create the database. The database requires ${String(needed)} additional free bytes, while only ${String(available)} bytes are available (database '${name}').`,
    ),
  malformedEnd: (device: string) =>
    error(
      3266,
      `The backup data at the end of '${device}' is incorrectly formatted. Backup sets on the media might be damaged and unusable. To determine the backup sets on the media, use RESTORE HEADERONLY. To determine the usability of the backup sets, run RESTORE VERIFYONLY. If all of the backup sets are incomplete, reformat the media using BACKUP WITH FORMAT, which destroys all the backup sets.`,
    ),
  fileNumber: (position: number, device: string) =>
    error(4038, `Cannot find file ID ${String(position)} on device '${device}'.`),
  simpleModel: () =>
    error(
      4208,
      "The statement BACKUP LOG is not allowed while the recovery model is SIMPLE. Use BACKUP DATABASE or change the recovery model using ALTER DATABASE.",
    ),
  noDatabaseBackup: () => error(4214, "BACKUP LOG cannot be performed because there is no current database backup."),
  tooRecent: (first: string, needed: string) =>
    error(
      4305,
      `The log in this backup set begins at LSN ${first}, which is too recent to apply to the database. An earlier log backup that includes LSN ${needed} can be restored.`,
    ),
  tooEarly: (last: string, needed: string) =>
    error(
      4326,
      `The log in this backup set terminates at LSN ${last}, which is too early to apply to the database. A more recent log backup that includes LSN ${needed} can be restored.`,
    ),
  interruptedRestore: () =>
    error(
      4319,
      "A previous restore operation was interrupted and did not complete processing on file 'all'. Either restore the backup set that was interrupted or restart the restore sequence.",
    ),
  otherPath: () =>
    error(
      4330,
      "This backup set cannot be applied because it is on a recovery path that is inconsistent with the database. The recovery path is the sequence of data and log backups that have brought the database to a particular recovery point. Find a compatible backup to restore, or restore the rest of the database to match a recovery point within this backup set, which will restore the database to a different point in time.",
    ),
  forwardOfLog: (file: string, at: string, last: string) =>
    error(
      4318,
      `File '${file}' has been rolled forward to LSN ${at}. This log terminates at LSN ${last}, which is too early to apply the WITH RECOVERY option. Reissue the RESTORE LOG statement WITH NORECOVERY.`,
    ),
  noLsn: () => error(4334, "The named mark does not identify a valid LSN."),
  stopPassed: () =>
    error(
      4335,
      "The specified STOPAT time is too early. All or part of the database is already rolled forward beyond that point.",
    ),
  stopTooEarly: () =>
    error(
      4338,
      "The STOPAT clause specifies a point too early to allow this backup set to be restored. Choose a different stop point or use RESTORE DATABASE WITH RECOVERY to recover at the current point.",
    ),
  stopOfLogOnly: () =>
    error(
      4340,
      "The point-in-time clause of this RESTORE statement is restricted for use by RESTORE LOG statements only. Omit the clause or use a clause that includes a timestamp.",
    ),
  bulkLoggedStop: () =>
    error(
      4341,
      "This log backup contains bulk-logged changes. It cannot be used to stop at an arbitrary point in time.",
    ),
  rolledBeyondStop: () =>
    error(
      4343,
      "The database has been rolled forward to the end of this backup set and beyond the specified point in time. RESTORE WITH RECOVERY can be used to accept the current recovery point.",
    ),
  logNotRestored: () => error(4333, "The database cannot be recovered because the log was not restored."),
  movedTwice: (logical: string) =>
    error(
      4353,
      `Conflicting file relocations have been specified for file '${logical}'. Only a single WITH MOVE clause should be specified for any logical file name.`,
    ),
} as const;

export const backupMessages = {
  processed: (pages: number, database: string, file: string, position: number) =>
    information(
      4035,
      `Processed ${String(pages)} pages for database '${database}', file '${file}' on file ${String(position)}.`,
    ),
  succeeded: (statement: string, pages: number, milliseconds: number) => {
    const seconds = `${String(Math.floor(milliseconds / 1000))}.${String(milliseconds % 1000).padStart(3, "0")}`;
    const rate = ((pages * 8192) / 1_048_576 / Math.max(0.001, milliseconds / 1000)).toFixed(3);
    return information(
      3014,
      `${statement} successfully processed ${String(pages)} pages in ${seconds} seconds (${rate} MB/sec).`,
    );
  },
  beforeTime: () =>
    information(
      4322,
      "This backup set contains records that were logged before the designated point in time. The database is being left in the restoring state so that more roll forward can be performed.",
    ),
  beforeMark: () =>
    information(
      4329,
      "This log file contains records logged before the designated mark. The database is being left in the Restoring state so you can apply another log file.",
    ),
  percent: (percent: number) => information(3211, `${String(percent)} percent processed.`),
  valid: (position: number) => information(3262, `${setName(position)} is valid.`),
  readOnly: (name: string) =>
    information(
      4217,
      `BACKUP LOG cannot modify the database because the database is read-only. The backup will continue, although subsequent backups will duplicate the work of this backup (database '${name}').`,
    ),
  expires: (device: string, date: string) =>
    information(4030, `The medium on device '${device}' expires on ${date} and cannot be overwritten.`),
  damagedSet: () =>
    information(
      3042,
      "BACKUP WITH CONTINUE_AFTER_ERROR successfully generated a backup of the damaged database. Refer to the SQL Server error log for information about the errors that were encountered.",
    ),
  otherVolume: (given: string, found: string, device: string) =>
    information(
      4037,
      `User-specified volume ID '${given}' does not match the volume ID '${found}' of the device '${device}'.`,
    ),
} as const;
