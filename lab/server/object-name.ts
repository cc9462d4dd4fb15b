import type { ObjectName } from "../tsql/host";

const PART = /\s*(?:\[((?:[^\]]|\]\])*)\]|"((?:[^"]|"")*)"|([^."[\]]*))\s*(\.|$)/y;

/**
 * Takes a name in text apart, as OBJECT_ID and sp_help do: one to four parts with dots, brackets or quotes undone; an
 * empty part in the middle stays empty (`msdb..sysjobs`). Answers undefined where the text is no name.
 */
export function parseObjectName(text: string): ObjectName | undefined {
  const parts: string[] = [];
  PART.lastIndex = 0;
  for (;;) {
    const match = PART.exec(text);
    if (match === null) return undefined;
    const [, bracketed, quoted, bare] = match;
    parts.push(bracketed?.replaceAll("]]", "]") ?? quoted?.replaceAll('""', '"') ?? (bare ?? "").trim());
    if (match[4] === "") break;
  }
  const name = parts.pop();
  if (name === undefined || name === "" || parts.length > 3) return undefined;
  const [schema, database, server] = parts.reverse();
  return {
    name,
    ...(schema === undefined ? {} : { schema }),
    ...(database === undefined ? {} : { database }),
    ...(server === undefined ? {} : { server }),
  };
}
