/** The name of a pool's application lock, and how it is recognised in views that cut it off. Pure. */
import { createHash } from "node:crypto";

/** Only so many characters of a resource's name are shown in plain text by sys.dm_tran_locks. */
const shownCharacters = 32;
/** sp_getapplock's @Resource is nvarchar(255). */
const maximalLength = 255;

/** `pchat-dr:<pool fqdn>`, lower case; a hash stands first where the plain part would be cut off in views. */
export function lockResource(poolFqdn: string): string {
  const fqdn = poolFqdn.toLowerCase();
  const plain = `pchat-dr:${fqdn}`;
  if (plain.length <= shownCharacters) return plain;
  const hash = createHash("sha256").update(fqdn).digest("hex").slice(0, 12);
  return `pchat-dr:${hash}:${fqdn}`.slice(0, maximalLength);
}

/** True when a resource as shown, perhaps cut off, is this pool's. */
export function isLockOf(shown: string, poolFqdn: string): boolean {
  return shown.startsWith(lockResource(poolFqdn).slice(0, shownCharacters));
}
