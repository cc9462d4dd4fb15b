/**
 * The shell executable: speaks on its standard streams what powershell.exe speaks, knows the management store's
 * cmdlets through the lab's daemon, and never runs anything of the machine.
 *
 * Own parameters stand before `--`, PowerShell's after it:
 *   --control <host:port>   the daemon's control port (or the variable LAB_CONTROL)
 *   --token-file <path>     file with its token (or LAB_TOKEN_FILE)
 *   --account, --computer   who runs the shell, and on which host
 *   --no-management-tools   no Cs cmdlets of its own: they come with Import-PSSession only
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { cmdlets as storeCmdlets } from "../lync/cmdlets";
import { MANAGEMENT_HOST } from "../lync/topology";
import { moduleCmdlets } from "./cmdlets/modules";
import { sessionCmdlets } from "./cmdlets/sessions";
import { CommandLineError, type CommandLine, readCommandLine } from "./command-line";
import { ControlClient } from "./control-client";
import { InputLines } from "./input-lines";
import { managementCmdlet } from "./management-cmdlets";
import { builtInCmdlets, runInSession } from "./run";
import { Session } from "./session";
import { normalize } from "./tokenizer";

interface Options {
  readonly control: string;
  readonly tokenFile: string;
  readonly account: string;
  readonly computer: string;
  readonly managementTools: boolean;
}

function ownOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      control: { type: "string" },
      "token-file": { type: "string" },
      account: { type: "string" },
      computer: { type: "string" },
      "no-management-tools": { type: "boolean" },
    },
  });
  const control = values.control ?? process.env["LAB_CONTROL"];
  const tokenFile = values["token-file"] ?? process.env["LAB_TOKEN_FILE"];
  if (control === undefined || tokenFile === undefined)
    throw new CommandLineError(
      "The lab's shell needs --control <host:port> and --token-file <path>, or LAB_CONTROL and LAB_TOKEN_FILE.",
    );
  const { account = "DCI\\administrator", computer = MANAGEMENT_HOST } = values;
  return { control, tokenFile, account, computer, managementTools: values["no-management-tools"] !== true };
}

function newSession(options: Options, lines: InputLines, interactive: boolean): Session {
  const [host, port] = options.control.split(/:(?=\d+$)/) as [string, string];
  const token = readFileSync(options.tokenFile, "utf8").trim();
  const client = new ControlClient({ host, port: Number(port), token }, `pwsh ${String(process.pid)}`);
  const cmdlets = builtInCmdlets();
  for (const cmdlet of sessionCmdlets(client)) cmdlets.add(cmdlet);
  // Lync Server 2013 calls its module Lync, Skype for Business Server 2015 SkypeForBusiness.
  for (const cmdlet of moduleCmdlets(options.managementTools ? ["Lync", "SkypeForBusiness"] : [])) cmdlets.add(cmdlet);
  if (options.managementTools) for (const { metadata } of storeCmdlets) cmdlets.add(managementCmdlet(metadata, client));
  return new Session({
    console: {
      write: (text) => void process.stdout.write(text),
      writeError: (text) => void process.stderr.write(text),
      ...(interactive ? { readLine: () => lines.next() } : {}),
    },
    identity: { account: options.account, computer: options.computer },
    variables: process.env,
    cmdlets,
    processId: process.pid,
  });
}

/** `-Command -`: a line that is whole is run at once; an unfinished one waits for an empty line ("about_PowerShell_exe"). */
async function readStatements(session: Session, lines: InputLines): Promise<number> {
  let block: string[] = [];
  for (;;) {
    const line = await lines.next();
    const ended = line === undefined;
    if (!ended) block.push(line);
    const text = block.join("\n");
    const waits = block.length > 1 ? line?.trim() !== "" : normalize(text).missing !== "";
    if (!ended && waits) continue;
    block = [];
    if (text.trim() !== "") {
      const code = await runInSession(session, text);
      if (code !== undefined) return code;
    }
    if (ended) return 0;
  }
}

async function run(): Promise<number> {
  const args = process.argv.slice(2);
  const separator = args.indexOf("--");
  const [own, theirs] = separator < 0 ? [[], args] : [args.slice(0, separator), args.slice(separator + 1)];
  let line: CommandLine;
  let options: Options;
  try {
    options = ownOptions(own);
    line = readCommandLine(theirs);
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  const lines = new InputLines(process.stdin);
  const session = newSession(options, lines, !line.nonInteractive);
  if (line.script === undefined) return readStatements(session, lines);
  const code = await runInSession(session, line.script);
  if (code === undefined && line.noExit) return readStatements(session, lines);
  return code ?? (session.succeeded ? 0 : 1);
}

// Whoever reads our output may go first; there is nobody left to tell.
process.stdout.on("error", () => process.exit(1));
process.stderr.on("error", () => process.exit(1));

run().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(70);
  },
);
