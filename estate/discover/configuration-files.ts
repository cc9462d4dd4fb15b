/**
 * The files that Pulumi reads a configuration from, with discovered values in them: `Pulumi.yaml`, where the estate stands once for
 * all stacks, and one file per stack with the site that it makes active. Everything else in a file stays as it is, other comments too.
 * Pure: texts in, texts out; YAML is read and written by the library alone, since names of the estate are hostile.
 */
import { Document, isMap, isScalar, isSeq, parseDocument, type Pair, type YAMLMap } from "yaml";
import { DrError } from "../errors";
import type { Discovery } from "./discovery";

/** What of `Pulumi.yaml` says where the rest is. */
export interface Project {
  readonly name: string;
  /** Folder of the stacks' files, relative to the project's. */
  readonly stackFolder: string;
}

/** Quotes where a reader of YAML 1.1 would take a plain text for something else, such as `no` or `1:30`. */
const READ = { compat: "yaml-1.1" } as const;
const STYLE = { lineWidth: 0, singleQuote: false } as const;

/** Keys of the project's configuration that discovery writes, with the type that Pulumi is told and a comment for people. */
const KEYS = {
  pools: {
    type: { type: "array", items: { type: "object" } },
    comment:
      " What the estate is, once for all stacks, as discovered. A value in a stack's file replaces the whole value here:\n" +
      " nothing is merged.",
  },
  shell: { type: { type: "object" }, comment: " How the Management Shell is reached." },
  sql: {
    type: { type: "object" },
    comment:
      " How SQL Server is reached. The password comes from PERSISTENT_CHAT_DR_SQL_PASSWORD, or from each stack's secret:\n" +
      " pulumi config set -s primary --secret sqlPassword, and the same with -s backup",
  },
} as const;

/** Project name and stacks' folder. Throws CONFIGURATION_INVALID when the text is no project file. */
export function projectOf(text: string, file: string): Project {
  const document = parsed(text, file);
  const [name, folder] = [document.get("name"), document.get("stackConfigDir")];
  if (typeof name !== "string") throw unreadable(file, "a Pulumi project with a name", "none");
  return { name, stackFolder: typeof folder === "string" ? folder : "." };
}

/** The project file with the discovered estate in its `config`; gaps are marked by a comment above each. */
export function projectFile(text: string, file: string, discovery: Discovery): string {
  const document = parsed(text, file);
  if (!isMap(document.get("config"))) document.set("config", document.createNode({}));
  for (const key of Object.keys(KEYS) as (keyof typeof KEYS)[]) {
    const { type, comment } = KEYS[key];
    document.setIn(["config", key], document.createNode({ ...type, default: discovery.configuration[key] }));
    const config = document.get("config") as YAMLMap;
    const pair = pairOf(config, key);
    // The comment above a map's first member belongs to the map for the library.
    if (pair !== undefined && config.items[0] === pair) config.commentBefore = null;
    if (pair !== undefined) pair.key = commented(document, key, comment);
  }
  const reasons = new Map<string, string[]>();
  for (const gap of discovery.gaps) reasons.set(gap.path, [...(reasons.get(gap.path) ?? []), gap.reason]);
  for (const [path, texts] of reasons) mark(document, path, texts);
  return document.toString(STYLE);
}

/**
 * A stack's file: which site it makes active. Secrets and their encryption stay, unless they are the lab's own (`dropSecrets`), whose
 * passphrase everybody knows. Values of the estate go, since they would win over the project's.
 */
export function stackFile(text: string, file: string, project: string, active: string, dropSecrets: boolean): string {
  const document = text.trim() === "" ? new Document({}, READ) : parsed(text, file);
  if (dropSecrets) document.delete("encryptionsalt");
  if (!isMap(document.get("config"))) document.set("config", document.createNode({}));
  const config = document.get("config") as YAMLMap;
  for (const key of Object.keys(KEYS)) config.delete(`${project}:${key}`);
  if (dropSecrets) config.items = config.items.filter((pair) => !(isMap(pair.value) && pair.value.has("secure")));
  document.setIn(["config", `${project}:active`], active);
  return document.toString(STYLE);
}

/** The salt that a stack's secrets are encrypted under; undefined where the file has none. */
export function encryptionSalt(text: string, file: string): string | undefined {
  const salt = text.trim() === "" ? undefined : parsed(text, file).get("encryptionsalt");
  return typeof salt === "string" ? salt : undefined;
}

function parsed(text: string, file: string): Document {
  const document = parseDocument(text, READ);
  const [error] = document.errors;
  if (error !== undefined) throw unreadable(file, "YAML", error.message.split("\n")[0] ?? "");
  if (!isMap(document.contents)) throw unreadable(file, "a mapping", "something else");
  return document;
}

function unreadable(file: string, expected: string, found: string): DrError {
  return new DrError({
    code: "CONFIGURATION_INVALID",
    summary: "the file cannot take a configuration",
    where: file,
    expected,
    found,
    hint: "Mend it, or name another folder with --directory.",
  });
}

// Above the member itself; where a path ends in a list or in a member that was left out, above the nearest one that exists.
function mark(document: Document, path: string, reasons: readonly string[]): void {
  const comment = reasons.map((reason) => ` gap: ${reason}`).join("\n");
  const keys = path.split(/\.|\[(\d+)\]\.?/).filter((part) => part !== undefined && part !== "");
  let at: unknown = document.getIn(["config", keys[0] ?? "", "default"], true);
  let nearest: Pair | undefined = pairOf(document.getIn(["config", keys[0] ?? ""]) as YAMLMap, "default");
  for (const key of keys.slice(1)) {
    if (isSeq(at)) at = at.get(Number(key), true);
    else if (isMap(at)) {
      const pair = pairOf(at, key);
      if (pair === undefined) break;
      nearest = pair;
      at = pair.value;
    } else break;
  }
  if (nearest !== undefined) nearest.key = commented(document, keyText(nearest), comment, nearest.key);
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => keyText(pair) === key);
}

function keyText(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key);
}

function commented(
  document: Document,
  key: string,
  comment: string,
  before?: unknown,
): ReturnType<Document["createNode"]> {
  const node = document.createNode(key);
  const present = isScalar(before) ? before.commentBefore : undefined;
  node.commentBefore = present == null ? comment : `${present}\n${comment}`;
  return node;
}
