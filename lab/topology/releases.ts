/** Builds of the SQL Server releases that a topology file may name: their last service packs. */
import type { ProductVersion } from "../server/product";
import type { VERSIONS } from "./schema";

export const releases: Readonly<Record<(typeof VERSIONS)[number], ProductVersion>> = {
  "2008 R2": { major: 10, minor: 50, build: 6000 },
  "2012": { major: 11, minor: 0, build: 7001 },
  "2014": { major: 12, minor: 0, build: 6024 },
};
