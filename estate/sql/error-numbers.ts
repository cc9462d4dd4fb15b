/**
 * SQL Server's error numbers, named once. Source: Microsoft's lists "Database Engine events and errors"; names say what the
 * product does with a number, the comment what SQL Server means by it.
 */

/** Language and access to a database. */
export const INVALID_OBJECT_NAME = 208;
export const PERMISSION_DENIED_ON_OBJECT = 229;
export const PERMISSION_DENIED_ON_COLUMN = 230;
export const PERMISSION_DENIED_IN_DATABASE = 262;
export const NO_PERMISSION_FOR_ACTION = 297;
export const PERMISSION_DENIED_ON_SERVER = 300;
export const DATABASE_DOES_NOT_EXIST = 911;
export const NO_ACCESS_TO_DATABASE = 916;
export const DATABASE_NOT_RECOVERED = 921;
export const DATABASE_RECOVERING = 922;
/** Already open, and only one user may be in it. */
export const DATABASE_SINGLE_USER_TAKEN = 924;
/** Database is in the middle of a restore: normal on a log shipping secondary. */
export const DATABASE_IN_RESTORE = 927;
export const DATABASE_OFFLINE = 942;
export const DATABASE_IN_TRANSITION = 952;
export const DATABASE_IS_MIRROR = 954;
/** A principal that can reach neither its mirror nor its witness is not served. */
export const DATABASE_LACKS_QUORUM = 955;
export const DEADLOCK_VICTIM = 1205;
export const LOCK_TIMEOUT_EXCEEDED = 1222;
export const APPLOCK_BAD_CALL = 1228;
/** Write to a READ_ONLY database. */
export const DATABASE_READ_ONLY = 3906;
export const CANNOT_OPEN_LOGIN_DATABASE = 4060;
export const SESSION_IN_KILL_STATE = 596;
export const SHUTDOWN_IN_PROGRESS = 6005;

/** Mirroring. */
export const NOT_MIRRORED = 1416;
export const MIRROR_UNREACHABLE = 1418;
export const INVOLVED_IN_MIRRORING = 1468;

/** Backup and restore. */
export const TERMINATING_ABNORMALLY = 3013;
export const BACKUPS_MUST_BE_SERIALIZED = 3023;
export const EXCLUSIVE_ACCESS_NOT_OBTAINED = 3101;
export const RESTORE_REFUSED_MIRRORED = 3104;
export const NO_RIGHT_TO_RESTORE = 3110;
export const RESTORE_PLANNING_PROBLEMS = 3119;
export const BACKUP_OF_OTHER_DATABASE = 3154;
export const CANNOT_OPEN_BACKUP_DEVICE = 3201;
export const PERCENT_PROCESSED = 3211;
export const MEDIA_FAMILY_MALFORMED = 3241;
export const BACKUP_SET_INCOMPLETE = 3256;
export const END_OF_MEDIA_MALFORMED = 3266;
export const BACKUP_SET_VALID = 3262;
export const LOG_TOO_RECENT = 4305;
export const LOG_TOO_EARLY = 4326;
export const RECOVERY_PATH_INCONSISTENT = 4330;

/** ALTER DATABASE. */
export const STATE_CHANGE_NEEDS_LOCK = 5061;
export const SINGLE_USER_OCCUPIED = 5064;
export const ALTER_DATABASE_FAILED = 5069;

/** SQL Server Agent and log shipping. */
export const AGENT_STARTING = 14258;
export const JOB_NAME_EXISTS = 14261;
export const JOB_DOES_NOT_EXIST = 14262;
/** "SQLServerAgent is not currently running", and also "job is already running": the text or the services tell which. */
export const AGENT_ERROR = 22022;
export const AGENT_XPS_OFF = 15281;
export const NOT_A_LOG_SHIPPING_PRIMARY = 32010;
export const NOT_A_LOG_SHIPPING_SECONDARY = 32014;

/** Login. */
export const LOGIN_FAILED = 18456;
export const LOGIN_NOT_WINDOWS_TRUSTED = 18452;
export const LOGIN_DISABLED = 18470;
export const LOGIN_LOCKED_OUT = 18486;
export const PASSWORD_EXPIRED = 18487;
export const PASSWORD_MUST_CHANGE = 18488;

/** Informational, sent at every login and `USE`: changed database and changed language. */
export const DATABASE_CHANGED = 5701;
export const LANGUAGE_CHANGED = 5703;

/** They close a list of errors and never are its cause. */
export const FOLLOWERS: ReadonlySet<number> = new Set([
  TERMINATING_ABNORMALLY,
  RESTORE_PLANNING_PROBLEMS,
  ALTER_DATABASE_FAILED,
]);

/** The login itself was refused. */
export const LOGIN_REFUSALS: ReadonlySet<number> = new Set([
  LOGIN_FAILED,
  LOGIN_NOT_WINDOWS_TRUSTED,
  LOGIN_DISABLED,
  LOGIN_LOCKED_OUT,
  PASSWORD_EXPIRED,
  PASSWORD_MUST_CHANGE,
  CANNOT_OPEN_LOGIN_DATABASE,
]);

/** The login lacks a right. */
export const MISSING_RIGHTS: ReadonlySet<number> = new Set([
  PERMISSION_DENIED_ON_OBJECT,
  PERMISSION_DENIED_ON_COLUMN,
  PERMISSION_DENIED_IN_DATABASE,
  NO_PERMISSION_FOR_ACTION,
  PERMISSION_DENIED_ON_SERVER,
  NO_ACCESS_TO_DATABASE,
  NO_RIGHT_TO_RESTORE,
]);

/** The session was ended by the server while the connection may still look alive. */
export const SESSION_ENDED: ReadonlySet<number> = new Set([SESSION_IN_KILL_STATE, SHUTDOWN_IN_PROGRESS]);

/** Worth the very same statement again a little later. */
export const RETRYABLE: ReadonlySet<number> = new Set([
  DEADLOCK_VICTIM,
  LOCK_TIMEOUT_EXCEEDED,
  BACKUPS_MUST_BE_SERIALIZED,
  EXCLUSIVE_ACCESS_NOT_OBTAINED,
  STATE_CHANGE_NEEDS_LOCK,
  AGENT_STARTING,
]);
