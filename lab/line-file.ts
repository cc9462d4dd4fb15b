/** Files of one JSON object per line, of which a kill may have cut the last. */
import { existsSync, readFileSync, truncateSync } from "node:fs";

const LINE_FEED = 10;

/** Takes away a last line that has no end. Answers the whole lines; none when there is no file. */
export function wholeLines(path: string): string[] {
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(LINE_FEED) + 1;
  if (end < bytes.length) truncateSync(path, end);
  const lines = bytes.toString("utf8", 0, end).split("\n");
  lines.pop();
  return lines;
}
