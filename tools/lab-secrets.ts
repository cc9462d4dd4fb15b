/** Whether a stack's secrets are the lab's: its passphrase lies in the repository, so nothing real may be encrypted with it. */
import { createDecipheriv, pbkdf2Sync } from "node:crypto";

/**
 * True when `passphrase` opens the encryption salt of a stack's file. Pulumi's passphrase provider (sdk/go/common/resource/config,
 * crypt.go; pkg/secrets/passphrase): `v1:<salt>:v1:<nonce>:<text>`, AES-256-GCM under PBKDF2 with SHA-256 and a million rounds, the
 * authentication tag behind the text.
 */
export function opensSalt(encryptionSalt: string, passphrase: string): boolean {
  const [version, salt, inner, nonce, text] = encryptionSalt.split(":");
  if (version !== "v1" || inner !== "v1" || salt === undefined || nonce === undefined || text === undefined)
    return false;
  const key = pbkdf2Sync(passphrase, Buffer.from(salt, "base64"), 1_000_000, 32, "sha256");
  const sealed = Buffer.from(text, "base64");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(sealed.subarray(-16));
    Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    return true;
  } catch {
    return false;
  }
}
