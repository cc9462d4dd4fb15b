/** Where discovery's result goes: `Pulumi.yaml` of a folder and one file for each stack beside it. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { encryptionSalt, projectFile, projectOf, stackFile } from "../estate/discover/configuration-files";
import type { Discovery } from "../estate/discover/discovery";
import { DrError } from "../estate/errors";
import { opensSalt } from "./lab-secrets";
import { projectDirectory } from "./pulumi-cli";

/** A file as it would be written. */
export interface DiscoveredFile {
  /** Relative to the folder. */
  readonly path: string;
  readonly text: string;
  /** It exists already. */
  readonly exists: boolean;
}

/** The stacks that get a file; each makes the site of its name active. */
const STACKS = ["primary", "backup"] as const;

/** The files of a folder with the discovered values in them. Writes nothing. Throws CONFIGURATION_INVALID. */
export function discoveredFiles(directory: string, discovery: Discovery): DiscoveredFile[] {
  const path = "Pulumi.yaml";
  const file = join(directory, path);
  if (!existsSync(file)) {
    throw new DrError({
      code: "CONFIGURATION_INVALID",
      summary: "the folder has no project file",
      where: file,
      expected: "the Pulumi.yaml of a checkout",
      found: "none",
      hint: "Name a folder with one by --directory, or look only: --print.",
    });
  }
  const text = readFileSync(file, "utf8");
  const project = projectOf(text, file);
  const passphrase = readFileSync(join(projectDirectory, "stacks", "lab-passphrase"), "utf8").trim();
  const stacks = STACKS.map((stack) => {
    const relative = join(project.stackFolder, `Pulumi.${stack}.yaml`);
    const exists = existsSync(join(directory, relative));
    const before = exists ? readFileSync(join(directory, relative), "utf8") : "";
    const salt = encryptionSalt(before, relative);
    const dropSecrets = salt !== undefined && opensSalt(salt, passphrase);
    return { path: relative, text: stackFile(before, relative, project.name, stack, dropSecrets), exists };
  });
  return [{ path, text: projectFile(text, file, discovery), exists: true }, ...stacks];
}

/** Writes them, each whole or not at all. Throws CONFIGURATION_INVALID when one exists and `force` is not given. */
export function writeFiles(directory: string, files: readonly DiscoveredFile[], force: boolean): void {
  const present = files.filter((file) => file.exists).map((file) => file.path);
  if (present.length > 0 && !force) {
    throw new DrError({
      code: "CONFIGURATION_INVALID",
      summary: "the configuration is there already; nothing was written",
      where: directory,
      expected: "no such file, or --force",
      found: present.join(", "),
      hint: "Look first with --print. --force replaces pools, shell, sql and active; everything else in the files stays.",
    });
  }
  for (const { path, text } of files) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.tmp`, text);
    renameSync(`${file}.tmp`, file);
  }
}
