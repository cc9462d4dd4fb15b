import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConnectionPool } from "mssql";
import { after, before, describe, it } from "mocha";
import { DEFAULT_PASSWORD } from "../../lab/daemon-options";
import { labInstance } from "../../tools/lab-configuration";
import type { CliResult } from "../../tools/lab-stack";
import { TestEstate } from "./support/estate";

const share = String.raw`\\files.dci.discovery.com\lslogs`;
const agent = String.raw`DCI\svc-agent-b1`;

describe("Preflight at up", function () {
  this.timeout(180_000);
  let estate: TestEstate;
  before(async () => {
    estate = await TestEstate.start("failed-over");
  });
  after(() => estate.stop());

  const cases = [
    { what: "the backup's Agent may not list the share", host: "*", path: share, access: "list", folder: share },
    {
      what: "the backup's Agent may not write the copy folder",
      host: "SQL-B1",
      path: String.raw`D:\LSCopy`,
      access: "write",
      folder: String.raw`D:\LSCopy`,
    },
  ];
  for (const { what, host, path, access, folder } of cases) {
    it(`refuses before F1 when ${what}, naming account, folder and right`, async () => {
      const right = ["--host", host, "--account", agent, "--path", path, "--access", access];
      await estate.run("fault", "deny", ...right);
      const lines = await estate.journalLength();
      try {
        const up = await estate.stack.up();
        assert.notEqual(up.code, 0, up.output);
        assert.ok(up.output.includes(agent), up.output);
        assert.ok(up.output.includes(folder), up.output);
        assert.match(up.output, /lacks the right to /);
        const [state] = await estate.ask("backup", "SELECT is_read_only FROM sys.databases WHERE name = N'mgc';");
        assert.equal(state?.["is_read_only"], false);
        const shell = (await estate.changesSince(lines)).filter((line) => line.kind === "cmdlet");
        assert.deepEqual(shell, []);
        const mirrored = await estate.ask(
          "backup",
          "SELECT 1 AS x FROM sys.database_mirroring WHERE mirroring_guid IS NOT NULL;",
        );
        assert.equal(mirrored.length, 2);
      } finally {
        await estate.run("fault", "allow", ...right);
      }
    });
  }
});

describe("a rotated password", function () {
  this.timeout(300_000);
  let estate: TestEstate;
  /** Oldest first: of the SQL login, and of the account that opens the remote Management Shell. */
  let passwords: string[];
  let shellPasswords: string[];
  let told: string;
  const account = String.raw`DCI\pchatadmin`;
  before(async () => {
    estate = await TestEstate.start("steady");
    passwords = [labInstance(estate.lab, "primary").password];
    shellPasswords = [DEFAULT_PASSWORD];
    told = "";
    const connectionUri = `https://${estate.lab.pool.fqdn}/OcsPowerShell`;
    estate.reconfigure(estate.stack, { shell: { ...estate.lab.shell, connectionUri, user: account } });
    await estate.stack.setPassword(DEFAULT_PASSWORD, "shellPassword");
    const up = await estate.stack.up();
    assert.equal(up.code, 0, up.output);
  });
  after(() => estate.stop());

  const present = (): string => passwords.at(-1) ?? "";

  /** The login's next password, on every instance. */
  const rotate = async (): Promise<string> => {
    const next = `An0ther-Passw0rd-${String(passwords.length)}-Of-The-Lab`;
    for (const { host, port, user } of estate.lab.instances) {
      const pool = new ConnectionPool({ server: host, port, user, password: present(), options: { encrypt: false } });
      await pool.connect();
      await pool.request().query(`ALTER LOGIN [${user}] WITH PASSWORD = N'${next}';`);
      await pool.close();
    }
    passwords.push(next);
    return next;
  };

  /** The shell account's next password. */
  const rotateShell = async (): Promise<string> => {
    const next = `An0ther-Shell-Passw0rd-${String(shellPasswords.length)}`;
    await estate.run("fault", "password", "--account", account, "--password", next);
    shellPasswords.push(next);
    return next;
  };

  const run = async (environment: NodeJS.ProcessEnv, ...args: string[]): Promise<CliResult> => {
    const result = await estate.stack.run([...args, ...estate.stack.where()], environment);
    told += result.output;
    return result;
  };

  it("of the remote shell works with one flag that the failure names, and is tried once", async () => {
    await estate.stack.setPassword(await rotateShell(), "shellPassword");
    const lines = await estate.journalLength();
    const plain = await run({}, "preview");
    assert.notEqual(plain.code, 0, plain.output);
    assert.match(plain.output, /New-PSSession .*Access is denied.* \[LOGIN_FAILED\]/);
    const hint =
      /password of DCI\\pchatadmin changed\? .* PULUMI_RUN_PROGRAM=true .* PERSISTENT_CHAT_DR_SHELL_PASSWORD/;
    assert.match(plain.output, hint);
    // More would lock the account out.
    const tries = (await estate.journal()).slice(lines).filter((line) => line.text.includes("New-PSSession"));
    assert.equal(tries.length, 1);
    const flagged = await run({ PULUMI_RUN_PROGRAM: "true" }, "preview");
    assert.equal(flagged.code, 0, flagged.output);
  });

  it("in the configuration works with one flag that the failure names, and after the next up without it", async () => {
    await estate.stack.setPassword(await rotate());
    const plain = await run({}, "preview");
    assert.notEqual(plain.code, 0, plain.output);
    assert.match(plain.output, /PULUMI_RUN_PROGRAM=true/);
    const flagged = await run({ PULUMI_RUN_PROGRAM: "true" }, "preview");
    assert.equal(flagged.code, 0, flagged.output);
    const up = await run({ PULUMI_RUN_PROGRAM: "true" }, "up", "--yes", "--skip-preview");
    assert.equal(up.code, 0, up.output);
    const again = await run({}, "preview", "--expect-no-changes");
    assert.equal(again.code, 0, again.output);
  });

  it("in the environment works as it is", async () => {
    const environment = {
      PERSISTENT_CHAT_DR_SQL_PASSWORD: await rotate(),
      PERSISTENT_CHAT_DR_SHELL_PASSWORD: await rotateShell(),
    };
    const preview = await run(environment, "preview", "--expect-no-changes");
    assert.equal(preview.code, 0, preview.output);
  });

  it("is printed and kept nowhere, whatever its age", async () => {
    const instance = labInstance(estate.lab, "primary");
    const pool = new ConnectionPool({
      server: instance.host,
      port: instance.port,
      user: instance.user,
      password: present(),
      options: { encrypt: false },
    });
    await pool.connect();
    await pool
      .request()
      .query(
        "EXEC master.dbo.sp_change_log_shipping_primary_database @database = N'mgc', @backup_retention_period = 60;",
      );
    await pool.close();
    const environment = {
      PERSISTENT_CHAT_DR_SQL_PASSWORD: present(),
      PERSISTENT_CHAT_DR_SHELL_PASSWORD: shellPasswords.at(-1),
    };
    const plan = join(estate.stack.folder, "plan.json");
    assert.equal((await run(environment, "preview", "--json", "--save-plan", plan)).code, 0);
    assert.equal((await run(environment, "preview", "--diff")).code, 0);
    assert.equal((await run(environment, "up", "--yes", "--skip-preview", "--plan", plan)).code, 0);
    // One that is not right: what the servers say of it.
    const wrong = "N0t-The-Passw0rd";
    const bad = { PERSISTENT_CHAT_DR_SQL_PASSWORD: wrong, PERSISTENT_CHAT_DR_SHELL_PASSWORD: wrong };
    assert.notEqual((await run(bad, "preview")).code, 0);
    const files = readdirSync(estate.stack.folder, { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    const kept = files.map((file) => ({
      where: join(file.parentPath, file.name),
      text: readFileSync(join(file.parentPath, file.name), "utf8"),
    }));
    assert.ok(
      kept.some(({ where }) => where.includes("reports")) && kept.some(({ where }) => where.includes("history")),
    );
    for (const password of [...passwords, ...shellPasswords, wrong]) {
      for (const form of [password, Buffer.from(password).toString("base64").replace(/=+$/, "")]) {
        assert.ok(!told.includes(form), `printed: ${form}`);
        for (const { where, text } of kept) assert.ok(!text.includes(form), `${where} holds ${form}`);
      }
    }
  });
});
