/**
 * The written forms that the configuration accepts: names of machines and Windows paths.
 * Windows paths never pass through node:path, which reads them by the rules of the machine it runs on.
 */

const hostLabel = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const fqdnForm = new RegExp(`^${hostLabel}(?:\\.${hostLabel})+$`);
const hostForm = new RegExp(`^(?:${hostLabel}(?:\\.${hostLabel})*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)$`);
// The characters that Windows refuses in a file name; a quote ' is legal and must survive.
const segment = String.raw`[^<>:"/\\|?*\u0000-\u001f]+`;
const drivePathForm = new RegExp(String.raw`^[A-Za-z]:\\(?:${segment}(?:\\${segment})*)?$`);
const uncPathForm = new RegExp(String.raw`^\\\\${segment}\\${segment}(?:\\${segment})*$`);
const relativePathForm = new RegExp(String.raw`^${segment}(?:\\${segment})*$`);
const sipForm = new RegExp(`^sip:[^\\s@:]+@${hostLabel}(?:\\.${hostLabel})+$`);
const guidForm = /^\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$/;

/** True for a fully qualified domain name: two labels or more, at most 255 characters. */
export function isFqdn(text: string): boolean {
  return text.length <= 255 && fqdnForm.test(text);
}

/** True for a host name, FQDN or IP address that a connection can be opened to. */
export function isHost(text: string): boolean {
  return text.length <= 255 && hostForm.test(text);
}

/** True for `C:\folder` forms, with backslashes, without a relative part. */
export function isDrivePath(text: string): boolean {
  return drivePathForm.test(text) && !hasRelativeSegment(text);
}

/** True for `\\server\share` and folders below it. */
export function isUncPath(text: string): boolean {
  return uncPathForm.test(text) && !hasRelativeSegment(text);
}

/** True for one or more folder names below some other folder, such as `failback` or `dr\failback`. */
export function isRelativeFolder(text: string): boolean {
  return relativePathForm.test(text) && !hasRelativeSegment(text);
}

/** True for `TCP://host.domain:5022`: a server network address of database mirroring, with a port. */
export function isEndpointAddress(text: string): boolean {
  const parts = /^TCP:\/\/([^:/]+):(\d{1,5})$/i.exec(text);
  return parts !== null && isHost(parts[1] ?? "") && Number(parts[2]) >= 1 && Number(parts[2]) <= 65535;
}

/** True for `sip:user@domain`. */
export function isSipAddress(text: string): boolean {
  return text.length <= 454 && sipForm.test(text);
}

/** True for a GUID with hyphens, with or without braces. */
export function isGuid(text: string): boolean {
  return guidForm.test(text);
}

/** A GUID in the one form that all comparisons use: upper case, no braces. */
export function normaliseGuid(text: string): string {
  return text.replace(/[{}]/g, "").toUpperCase();
}

/** The path without trailing backslashes; a drive's root keeps its own. */
export function trimTrailingBackslash(path: string): string {
  const trimmed = path.replace(/\\+$/, "");
  return /^[A-Za-z]:$/.test(trimmed) ? `${trimmed}\\` : trimmed;
}

/** Joins folder and name with one backslash. */
export function joinWindowsPath(folder: string, ...names: readonly string[]): string {
  return names.reduce((path, name) => `${path.replace(/\\+$/, "")}\\${name}`, folder);
}

/** Folder part of a Windows path, without the trailing backslash. */
export function windowsFolder(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("\\"), 0));
}

/** File name part of a Windows path. */
export function windowsFileName(path: string): string {
  return path.slice(path.lastIndexOf("\\") + 1);
}

function hasRelativeSegment(path: string): boolean {
  return path.split("\\").some((part) => part === "." || part === "..");
}
