/** T-SQL of this repository that Microsoft's grammars must accept: what was sent, what is shown, what can be built. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { productStatements } from "../test/conformance/product-statements";
import { cacheFolder } from "./conformance-cache";
import { different, keptTexts, type SentText } from "./journal-texts";
import { projectDirectory } from "./pulumi-cli";

/** Where `.ci/run` has the journals of the engine tests and of the demo kept. */
export const journalsFolder = join(cacheFolder, "journals");

/** Code of the documents that is a whole statement; with an ellipsis or a placeholder it is none. */
const inlineStatement = /`((?:ALTER|BACKUP|CREATE|DROP|EXEC|GRANT|KILL|RESTORE|SELECT|USE) [^`…<]+)`/g;
const sqlBlock = /^[ ]*```sql\n([\s\S]*?)^[ ]*```/gm;

/** Samples of the documents and files of T-SQL, and each statement that the product can build. */
export function repositoryTexts(): SentText[] {
  const files = globSync("{docs,lab,test,estate}/**/*.sql", { cwd: projectDirectory });
  const documents = ["README.md", ...globSync("docs/*.md", { cwd: projectDirectory })];
  const built = Object.entries(productStatements()).map(([where, text]) => ({ text, where }));
  return different([
    ...files.map((file) => ({ text: read(file), where: file })),
    ...documents.flatMap(samples),
    ...built,
  ]);
}

/** What the journals hold that were kept, and how to have them kept where there are none. */
export function engineTexts(say: (text: string) => void): readonly SentText[] {
  const { journals, texts } = existsSync(journalsFolder) ? keptTexts(journalsFolder) : { journals: 0, texts: [] };
  say(
    journals > 0
      ? `${String(journals)} journals of engine tests and demo, ${String(texts.length)} different texts`
      : "no journals of engine tests were kept; to have them parsed too: LAB_KEEP_JOURNALS=.conformance/journals npm test",
  );
  return texts;
}

function samples(document: string): SentText[] {
  const text = read(document);
  const found = [...text.matchAll(sqlBlock), ...text.matchAll(inlineStatement)];
  return found.map((match) => {
    const line = text.slice(0, match.index).split("\n").length;
    return { text: match[1] ?? "", where: `${document}:${String(line)}` };
  });
}

function read(file: string): string {
  return readFileSync(join(projectDirectory, file), "utf8");
}
