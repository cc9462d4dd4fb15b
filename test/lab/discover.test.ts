import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConnectionPool } from "mssql";
import { after, before, describe, it } from "mocha";
import { check } from "prettier";
import { parse } from "yaml";
import styleOfProject from "../../.prettierrc.json";
import { parseConfiguration } from "../../estate/configuration";
import { labConfiguration, labSchema } from "../../tools/lab-configuration";
import { projectDirectory } from "../../tools/pulumi-cli";
import { type Lab, type RunResult, startLab } from "../support/lab";

const DOMAIN = "dci.discovery.com";
const fqdns = (site: "p" | "b"): string => [1, 2, 3, 4].map((at) => `chat-${site}${String(at)}.${DOMAIN}`).join(",");
const CENTRES = ["--primary-data-centre", "east", "--backup-data-centre", "west"];

interface Found {
  readonly configuration: Record<string, unknown>;
  readonly gaps: readonly { readonly path: string; readonly reason: string }[];
  readonly notes: readonly string[];
}

/** Runs the command as a user does. */
function discover(args: readonly string[], password: string): Promise<RunResult> {
  const child = spawn(
    process.execPath,
    ["--require", "tsx/cjs", join(projectDirectory, "tools", "discover.ts"), ...args],
    {
      cwd: projectDirectory,
      env: { ...process.env, PERSISTENT_CHAT_DR_SQL_PASSWORD: password },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

/** Options that reach the lab: its shell and its four instances, which say themselves who they are. */
function reach(lab: Lab): string[] {
  const addresses = lab.json.instances.flatMap(({ host, port }) => ["--sql", `${host}:${String(port)}`]);
  return ["--shell", lab.json.shell.executable, ...addresses, "--trust-server-certificate"];
}

async function found(lab: Lab, status: number, ...options: readonly string[]): Promise<Found> {
  const result = await discover(
    [...reach(lab), "--print", "--json", ...options],
    lab.json.instances[0]?.password ?? "",
  );
  assert.equal(result.status, status, `${result.stdout}${result.stderr}`);
  return JSON.parse(result.stdout) as Found;
}

/** What the lab says of itself, every default filled in, but for who makes a mirror: that is a choice and stands nowhere. */
function ofTheLab(lab: Lab): unknown {
  const configuration = labConfiguration(labSchema.parse(lab.json)) as { pools: Record<string, unknown>[] };
  const pools = configuration.pools.map((pool) => ({ ...pool, mirroring: {} }));
  return whole({ ...configuration, pools });
}

function whole(configuration: unknown): unknown {
  const parsed = parseConfiguration({ ...(configuration as object), active: "primary" });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

describe("discovery of a steady estate", function () {
  this.timeout(180_000);
  let lab: Lab;
  let folder: string;
  before(async () => {
    lab = await startLab({ scenario: "steady" });
    folder = mkdtempSync(join(tmpdir(), "persistent-chat-discover-"));
    cpSync(join(projectDirectory, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    cpSync(join(projectDirectory, "stacks"), join(folder, "stacks"), { recursive: true });
  });
  after(async () => {
    await lab.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (instance: string, text: string): Promise<void> => {
    const { host, port, user, password } = lab.instance(instance);
    const pool = new ConnectionPool({ server: host, port, user, password, options: { encrypt: false } });
    await pool.connect();
    await pool.request().query(text);
    await pool.close();
  };

  it("equals the lab's own configuration, and changes nothing", async () => {
    const lines = (await lab.journal()).length;
    const { configuration, gaps, notes } = await found(lab, 0, ...CENTRES, "--backup-servers", fqdns("b"));
    assert.deepEqual([gaps, notes], [[], []]);
    assert.deepEqual(whole(configuration), ofTheLab(lab));
    const changed = (await lab.journal(lines)).filter(
      (line) => line.changes.length > 0 && line.client.startsWith("pchat-dr"),
    );
    assert.deepEqual(changed, []);
  });

  it("marks the other site's servers, which the topology does not tell", async () => {
    const { configuration, gaps } = await found(lab, 3, ...CENTRES);
    assert.deepEqual(
      gaps.map((gap) => gap.path),
      ["pools[0].backup.activeServers"],
    );
    assert.match(gaps[0]?.reason ?? "", /chat-b1.*chat-b4/);
    assert.equal(parseConfiguration({ ...configuration, active: "primary" }).ok, false);
  });

  it("writes no file that exists, unless forced, and no password in any", async () => {
    const options = [...reach(lab), ...CENTRES, "--backup-servers", fqdns("b"), "--directory", folder];
    const { password } = lab.instance("SQL-P1");
    const before = readFileSync(join(folder, "Pulumi.yaml"), "utf8");
    const refused = await discover(options, password);
    assert.equal(refused.status, 1, refused.stdout);
    assert.match(refused.stderr, /found Pulumi\.yaml, stacks[\\/]Pulumi\.primary\.yaml.*--force/);
    assert.equal(readFileSync(join(folder, "Pulumi.yaml"), "utf8"), before);

    const forced = await discover([...options, "--force"], password);
    assert.equal(forced.status, 0, forced.stderr);
    assert.match(forced.stdout, /No gaps\.\n[^]*Next: pulumi preview -s primary\n[^]*PERSISTENT_CHAT_DR_SQL_PASSWORD/);
    const text = readFileSync(join(folder, "Pulumi.yaml"), "utf8");
    const project = parse(text) as {
      options: unknown;
      config: Record<string, { default: unknown }>;
    };
    const estate = Object.fromEntries(Object.entries(project.config).map(([key, value]) => [key, value.default]));
    assert.deepEqual(whole(estate), ofTheLab(lab));
    assert.deepEqual(project.options, { refresh: "always" });
    // In the repository's own style: the check of whoever keeps it there passes.
    assert.ok(await check(text, { parser: "yaml", ...styleOfProject }));
    for (const stack of ["primary", "backup"]) {
      // The lab's secret went with the lab's salt: nothing of a real estate may be encrypted with a passphrase that all know.
      assert.deepEqual(parse(readFileSync(join(folder, "stacks", `Pulumi.${stack}.yaml`), "utf8")), {
        config: { "persistent-chat-dr:active": stack },
      });
    }
    for (const file of readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()))
      assert.ok(!readFileSync(join(file.parentPath, file.name), "utf8").includes(password), file.name);
  });

  it("marks what a login of few rights may not read", async () => {
    for (const { name } of lab.json.instances)
      await ask(name, "CREATE LOGIN [few] WITH PASSWORD = N'Few-R1ghts-Of-The-Lab';");
    const options = [...reach(lab), "--sql-user", "few", "--backup-servers", fqdns("b"), "--print", "--json"];
    const result = await discover(options, "Few-R1ghts-Of-The-Lab");
    assert.equal(result.status, 3, result.stderr);
    const { gaps, configuration } = JSON.parse(result.stdout) as Found;
    const paths = gaps.map((gap) => gap.path);
    assert.ok(
      paths.includes("pools[0].logShipping.share") && paths.includes("pools[0].logShipping.copyFolder"),
      result.stdout,
    );
    assert.ok(
      paths.every((path) => path.startsWith("pools[0].logShipping.")),
      result.stdout,
    );
    for (const { reason } of gaps) assert.match(reason, /PERMISSION_DENIED/);
    const parsed = parseConfiguration({ ...configuration, active: "primary" });
    assert.deepEqual(parsed.ok ? [] : parsed.problems.map((problem) => problem.path).sort(), [...paths].sort());
    const wrong = await discover(options, "not the password");
    assert.equal(wrong.status, 3, wrong.stderr);
    assert.match(wrong.stdout, /LOGIN_FAILED/);
    assert.ok(!`${wrong.stdout}${wrong.stderr}`.includes("not the password"));
  });

  it("marks what an instance that is down would have told", async () => {
    await lab.run("fault", "instance-stop", "--instance", "SQL-P1");
    try {
      const { gaps } = await found(lab, 3, "--backup-servers", fqdns("b"));
      assert.ok(
        gaps.some(({ path, reason }) => path === "pools[0].primary.principal" && reason.includes(`sql-p1.${DOMAIN}`)),
      );
      assert.ok(!gaps.some(({ path }) => path === "pools[0].logShipping.copyFolder"));
      const at = `${lab.instance("SQL-P1").host}:${String(lab.instance("SQL-P1").port)}`;
      const named = reach(lab).map((option) => (option === at ? `sql-p1.${DOMAIN}=${at}` : option));
      const said = await discover([...named, "--print", "--json"], lab.instance("SQL-P1").password);
      assert.ok(said.stdout.includes('"pools[0].primary.principal.server"'), said.stdout);
    } finally {
      await lab.run("fault", "instance-start", "--instance", "SQL-P1");
    }
  });

  it("ends with what to do next when it cannot begin", async () => {
    const { password } = lab.instance("SQL-P1");
    for (const [args, expected] of [
      [[...reach(lab), "--pool", "other.contoso.com"], /expected other\.contoso\.com; found lyncpc/],
      [[...reach(lab), "--sql", "nowhere.contoso.com=localhost:1"], /names a store that no pool has.*sql-p1/],
      [[...reach(lab), "--sql", "a b"], /--sql does not name an instance/],
      [["--shell", join(folder, "no-such-shell")], /SHELL_UNAVAILABLE/],
      [["--shell", "https://fe.contoso.com/OcsPowerShell"], /--shell-user/],
      [[...reach(lab), "--directory", join(folder, "stacks")], /Pulumi\.yaml.*no project file/],
    ] as const) {
      const result = await discover([...args], password);
      assert.equal(result.status, 1, result.stdout);
      assert.match(result.stderr, expected);
      assert.equal(result.stderr.trim().split("\n").length, 1, result.stderr);
    }
    const without = await discover(reach(lab), "");
    assert.match(without.stderr, /PERSISTENT_CHAT_DR_SQL_PASSWORD/);
  });
});

describe("discovery of an estate that has failed over", function () {
  this.timeout(180_000);
  let lab: Lab;
  before(async () => {
    lab = await startLab({ scenario: "failed-over" });
  });
  after(() => lab.stop());

  it("marks the folders of log shipping, which nobody registers any more", async () => {
    const { configuration, gaps } = await found(lab, 3, ...CENTRES, "--primary-servers", fqdns("p"));
    assert.deepEqual(
      gaps.map((gap) => gap.path),
      ["pools[0].logShipping.share", "pools[0].logShipping.copyFolder"],
    );
    // Filled in by a person, it is the lab's.
    const [pool] = configuration["pools"] as { logShipping: Record<string, unknown> }[];
    Object.assign(pool?.logShipping ?? {}, { share: lab.json.share.unc, copyFolder: String.raw`D:\LSCopy` });
    assert.deepEqual(whole(configuration), ofTheLab(lab));
  });
});
