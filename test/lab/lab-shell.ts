/** A management shell on a running lab, as somebody in the house would have one open. */
import { PowerShell } from "node-powershell";
import type { Lab } from "../support/lab";

/** An error as PowerShell tells it. */
export interface ShellError {
  readonly id: string;
  readonly category: string;
  readonly message: string;
}

export class LabShell {
  readonly #shell: PowerShell;

  constructor(lab: Lab, variables: Readonly<Record<string, string>> = {}) {
    this.#shell = new PowerShell({
      executable: lab.json.shell.executable,
      spawnOptions: { env: { ...process.env, ...variables } },
    });
  }

  /** Runs a line; answers its output. Throws when it wrote an error. */
  async run(command: string): Promise<string> {
    return (await this.#shell.invoke(command)).raw.trim();
  }

  /** Runs a line, one object of its output per item, enumerations as names. */
  async objects(command: string, ...properties: readonly string[]): Promise<Record<string, string>[]> {
    const select = properties.map((name) => `${name} = "$($_.${name})"`).join("; ");
    const output = await this.run(
      `ConvertTo-Json -Compress @(${command} | ForEach-Object { [pscustomobject]@{ ${select} } })`,
    );
    return JSON.parse(output) as Record<string, string>[];
  }

  /** The error of a line that must fail. */
  async error(command: string): Promise<ShellError> {
    const caught =
      "[pscustomobject]@{ id = $_.FullyQualifiedErrorId; category = $_.CategoryInfo.Category; message = $_.Exception.Message }";
    const output = await this.run(
      `try { ${command} -ErrorAction Stop; 'no error' } catch { ConvertTo-Json -Compress (${caught}) }`,
    );
    if (!output.startsWith("{")) throw new Error(`${command} did not fail: ${output}`);
    return JSON.parse(output) as ShellError;
  }

  async dispose(): Promise<void> {
    await this.#shell.dispose();
  }
}
