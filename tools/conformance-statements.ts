/** T-SQL put to Microsoft's own parser, ScriptDom, with its grammars of SQL Server 2008 R2 and 2012. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pythonEnvironment } from "./conformance-cache";
import { casesFolder } from "./conformance-clients";
import { dotnetEnvironment, installDotnet } from "./conformance-dotnet";
import type { PartResult } from "./conformance-report";
import { runCaseProgram } from "./conformance-run";
import type { SentText } from "./journal-texts";

const grammars = ["TSql100Parser", "TSql110Parser"];

/** Each text is a case of each grammar. */
export async function judgeStatements(
  texts: readonly SentText[],
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<PartResult[]> {
  const file = await installDotnet(say);
  const folder = mkdtempSync(join(tmpdir(), "persistent-chat-texts-"));
  const path = join(folder, "texts.json");
  writeFileSync(path, JSON.stringify(texts));
  try {
    const parts: PartResult[] = [];
    for (const grammar of grammars) {
      const args = [join(casesFolder, "scriptdom.py"), grammar, path];
      const environment = { ...dotnetEnvironment(), ...pythonEnvironment };
      parts.push(await runCaseProgram({ file, args, environment }, { name: grammar, signal }));
    }
    return parts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
