/**
 * Names of the files that log shipping makes: `<database>_<UTC yyyymmddhhmmss>.trn`, `.wrk` until they are whole.
 * The time in the name orders them and tells their age: clocks of hosts and file systems do not.
 */

/** A log backup file by its name. */
export interface ShippedFile {
  readonly name: string;
  /** Milliseconds since 1970 UTC of the time in its name. */
  readonly time: number;
}

/** yyyymmddhhmmss of a UTC time. */
export function stamp(utc: number): string {
  return new Date(utc).toISOString().replace(/\D/g, "").slice(0, 14);
}

/** A file of a database by its name; undefined for other names. */
export function shippedFile(name: string, database: string, extension = "trn"): ShippedFile | undefined {
  const prefix = `${database}_`;
  if (name.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) return undefined;
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\w+)$/.exec(name.slice(prefix.length));
  if (parts === null || parts[7]?.toLowerCase() !== extension) return undefined;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { name, time: Date.UTC(year, month - 1, day, hour, minute, second) };
}

/** The files of a database among names, the oldest first. */
export function shippedFiles(names: readonly string[], database: string, extension = "trn"): readonly ShippedFile[] {
  return names
    .flatMap((name) => shippedFile(name, database, extension) ?? [])
    .sort((one, other) => one.time - other.time || one.name.localeCompare(other.name));
}

/** Last part of a Windows path, in lower case: names compare without case. */
export function baseName(path: string | undefined): string {
  return (path ?? "").slice((path ?? "").lastIndexOf("\\") + 1).toLowerCase();
}

/** A folder and a name as one path. */
export function pathIn(folder: string, name: string): string {
  return `${folder.replace(/\\+$/, "")}\\${name}`;
}
