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

/** The last service packs of the releases that the lab emulates ("Build versions", learn.microsoft.com/troubleshoot). */
const RELEASES: Readonly<Record<string, Release>> = {
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
  const release = RELEASES[key];
  if (release === undefined)
    throw new Error(`The lab emulates SQL Server ${Object.keys(RELEASES).join(", ")}; found version ${key}.`);
  return release;
}

/** SERVERPROPERTY('ProductVersion'): major.minor.build.revision. */
export function productVersion(version: ProductVersion): string {
  const { major, minor, build } = version;
  return `${String(major)}.${String(minor)}.${String(build)}.${String(releaseOf(version).revision)}`;
}

/** SERVERPROPERTY('Edition'): every feature of Enterprise, which mirroring and backup compression need. */
export const EDITION = "Developer Edition (64-bit)";

/** @@VERSION */
export function versionText(version: ProductVersion): string {
  const release = releaseOf(version);
  return (
    `Microsoft SQL Server ${release.name} ${release.levelNote}- ${productVersion(version)} (X64) \n` +
    `\t${release.built} \n\tCopyright (c) Microsoft Corporation\n\t${EDITION} on Windows NT 6.3 <X64> (Build 9600: )\n`
  );
}
