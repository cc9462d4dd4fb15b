/**
 * .NET Core 3.1 with System.Data.SqlClient and ScriptDom, all from PyPI: the wheel of mssql-cli 1.0.0 carries Microsoft's
 * assemblies, dotnetcore2 the runtime, psycopg2-binary the OpenSSL 1.1 that this runtime needs for TLS.
 */
import { existsSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, installPythonPackages, once, unpackWheel } from "./conformance-cache";

const packages = ["pythonnet==3.2.1", "dotnetcore2==3.1.23"];
const assembliesWheel = "mssql-cli==1.0.0";
const opensslWheel = "psycopg2-binary==2.9.5";
const folder = join(cacheFolder, "dotnet");
const opensslFolder = join(folder, "openssl");

const assembliesFolder = join(folder, "assemblies", "mssqlcli", "mssqltoolsservice", "bin");

/** Installs runtime and assemblies; answers the interpreter that loads them. */
export async function installDotnet(say: (line: string) => void): Promise<string> {
  const python = await installPythonPackages(packages, say);
  await once(join(folder, "installed"), `${assembliesWheel}\n${opensslWheel}`, async () => {
    say(`downloading ${assembliesWheel}, ${opensslWheel} …`);
    await unpackWheel(assembliesWheel, join(folder, "assemblies"));
    await unpackWheel(opensslWheel, opensslFolder);
    linkOpenssl();
  });
  return python;
}

/** The wheel's libraries have a hash in their names; .NET looks for those of OpenSSL itself. */
function linkOpenssl(): void {
  const libraries = join(opensslFolder, "psycopg2_binary.libs");
  for (const name of ["libssl", "libcrypto"]) {
    const link = join(libraries, `${name}.so.1.1`);
    const file = readdirSync(libraries).find((found) => found.startsWith(`${name}-`));
    if (file === undefined) throw new Error(`there is no ${name} in ${libraries}`);
    if (!existsSync(link)) symlinkSync(file, link);
  }
}

/** What a program needs that loads the runtime (test/conformance/dotnet_runtime.py). */
export function dotnetEnvironment(): Record<string, string> {
  return {
    CONFORMANCE_ASSEMBLIES: assembliesFolder,
    LD_LIBRARY_PATH: join(opensslFolder, "psycopg2_binary.libs"),
  };
}
