/** The clients of `npm run conformance`: how each is installed below `.conformance`, and the program of its cases. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  cacheFolder,
  installMavenArtifact,
  installPythonPackages,
  pythonEnvironment,
  requireProgram,
  runQuietly,
} from "./conformance-cache";
import type { ClientLimits } from "./conformance-lab";
import type { CaseProgram } from "./conformance-run";
import { dotnetEnvironment, installDotnet } from "./conformance-dotnet";
import { projectDirectory } from "./pulumi-cli";

/** A client that others wrote. */
export interface ConformanceClient {
  /** As it is named on the command line. */
  readonly name: string;
  readonly limits: ClientLimits;
  /** Installs what is missing; answers the program of its cases, which takes the lab's JSON as last argument. */
  install(say: (line: string) => void): Promise<CaseProgram>;
}

/** The programs of the cases. */
export const casesFolder = join(projectDirectory, "test", "conformance");

/** python-tds and pymssql; pyOpenSSL 24 removed what python-tds 1.17 uses for TLS inside TDS. */
export const pythonPackages = ["python-tds==1.17.1", "pyOpenSSL<24", "pymssql==2.4.6"];
const jdbcArtifact = { group: "com.microsoft.sqlserver", name: "mssql-jdbc", version: "12.10.1.jre11" };

export const conformanceClients: readonly ConformanceClient[] = [
  {
    name: "tedious",
    limits: { cannot: ["TLS for the login only"] },
    async install() {
      return { file: process.execPath, args: ["--require", "tsx/cjs", join(casesFolder, "tedious_cases.ts")] };
    },
  },
  {
    name: "freetds",
    // bsqlodbc, which sends the attention, ends at its first error.
    limits: { endsAfterAttention: true },
    async install() {
      await requireProgram("tsql", ["-C"], "Install FreeTDS's programs: apt-get install freetds-bin tdsodbc");
      await requireProgram("python3", ["--version"], "Install Python 3.");
      return { file: "python3", args: [join(casesFolder, "freetds_cases.py")], environment: pythonEnvironment };
    },
  },
  pythonClient("python-tds", "python_tds_cases.py"),
  pythonClient("pymssql", "pymssql_cases.py"),
  {
    name: "jdbc",
    limits: { cannot: ["without TLS"] },
    async install(say) {
      await requireProgram(
        "java",
        ["--version"],
        "Install a JDK of 17 or newer: apt-get install openjdk-17-jdk-headless",
      );
      const jar = await installMavenArtifact(jdbcArtifact, say);
      return { file: "java", args: ["-cp", jar, join(casesFolder, "jdbc", "JdbcCases.java")] };
    },
  },
  {
    name: "go-mssqldb",
    limits: {},
    async install(say) {
      await requireProgram("go", ["version"], "Install Go 1.25 or newer: https://go.dev/dl");
      const folder = join(cacheFolder, "go");
      const program = join(folder, "conformance");
      if (!existsSync(program)) say("building go-mssqldb's cases …");
      await mkdir(folder, { recursive: true });
      await runQuietly("go", ["build", "-o", program, "."], {
        cwd: join(casesFolder, "go"),
        // Writable modules, so that removing `.conformance` removes them.
        environment: {
          GOMODCACHE: join(folder, "modules"),
          GOCACHE: join(folder, "build"),
          GOFLAGS: "-modcacherw",
        },
      });
      return { file: program, args: [] };
    },
  },
  {
    name: "sqlclient",
    limits: { cannot: ["without TLS"] },
    async install(say) {
      const python = await installDotnet(say);
      return {
        file: python,
        args: [join(casesFolder, "sqlclient_cases.py")],
        environment: { ...dotnetEnvironment(), ...pythonEnvironment },
      };
    },
  },
];

function pythonClient(name: string, cases: string): ConformanceClient {
  return {
    name,
    limits: {},
    async install(say) {
      const file = await installPythonPackages(pythonPackages, say);
      return { file, args: [join(casesFolder, cases)], environment: pythonEnvironment };
    },
  };
}
