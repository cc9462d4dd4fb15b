/** What an instance says of itself as a product: @@VERSION, SERVERPROPERTY. */

export interface ProductVersion {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
}

interface Release {
  readonly name: string;
  readonly revision: number;
  readonly level: string;
  readonly levelNote: string;
  readonly built: string;
  /** DATABASEPROPERTYEX('…', 'Version') of a database of this release. */
  readonly databaseVersion: number;
}

/** The last service packs of the releases that the lab emulates, and SQL Server 2008 R2 as it was first shipped ("Build versions", learn.microsoft.com/troubleshoot). */
const RELEASES: Readonly<Record<string, Release>> = {
  "10.50.1600": {
    name: "2008 R2",
    revision: 1,
    level: "RTM",
    levelNote: "(RTM) ",
    built: "Apr  2 2010 15:48:46",
    databaseVersion: 661,
  },
  "10.50": {
    name: "2008 R2",
    revision: 34,
    level: "SP3",
    levelNote: "(SP3) ",
    built: "Aug 19 2014 12:21:34",
    databaseVersion: 661,
  },
  "11.0": {
    name: "2012",
    revision: 0,
    level: "SP4",
    levelNote: "(SP4) (KB4018073) ",
    built: "Aug 15 2017 10:23:29",
    databaseVersion: 706,
  },
  "12.0": {
    name: "2014",
    revision: 0,
    level: "SP3",
    levelNote: "(SP3) (KB4022619) ",
    built: "Sep  7 2018 01:37:51",
    databaseVersion: 782,
  },
};

/** The release of a version. Throws Error when the lab does not emulate it. */
export function releaseOf(version: ProductVersion): Release {
  const key = `${String(version.major)}.${String(version.minor)}`;
  const release = RELEASES[`${key}.${String(version.build)}`] ?? RELEASES[key];
  if (release === undefined)
    throw new Error(`The lab emulates SQL Server ${Object.keys(RELEASES).join(", ")}; found version ${key}.`);
  return release;
}

/** SERVERPROPERTY('ProductVersion'): major.minor.build.revision. */
export function productVersion(version: ProductVersion): string {
  const { major, minor, build } = version;
  return `${String(major)}.${String(minor)}.${String(build)}.${String(releaseOf(version).revision)}`;
}

/** Editions that the lab emulates: Developer has every feature of Enterprise; Express neither compresses nor ships logs. */
export type Edition = "Developer" | "Express";

/** SERVERPROPERTY('Edition'), ('EngineEdition') and ('EditionID') of an edition ("SERVERPROPERTY (Transact-SQL)"). */
export const EDITIONS: Readonly<
  Record<Edition, { readonly text: string; readonly engine: number; readonly id: bigint }>
> = {
  Developer: { text: "Developer Edition (64-bit)", engine: 3, id: -2117995310n },
  Express: { text: "Express Edition (64-bit)", engine: 4, id: -1592396055n },
};

/** @@VERSION */
export function versionText(version: ProductVersion, edition: Edition): string {
  const release = releaseOf(version);
  return (
    `Microsoft SQL Server ${release.name} ${release.levelNote}- ${productVersion(version)} (X64) \n` +
    `\t${release.built} \n\tCopyright (c) Microsoft Corporation\n\t${EDITIONS[edition].text} on Windows NT 6.3 <X64> (Build 9600: )\n`
  );
}
