import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Expression, Literal, ServerStatement, Statement } from "../../lab/tsql/ast";
import { parse } from "../../lab/tsql/parser";
import { Decimal } from "../../lab/tsql/values";

const SQL_2012 = { major: 11, minor: 0 };

function statementOf<Kind extends ServerStatement["kind"]>(
  text: string,
  kind: Kind,
): Extract<ServerStatement, { readonly kind: Kind }> {
  const { statements } = parse(text, SQL_2012);
  assert.deepEqual(
    statements.map((statement: Statement) => statement.kind),
    [kind],
    text,
  );
  return statements[0] as Extract<ServerStatement, { readonly kind: Kind }>;
}

/** An expression as one would write it: constants by value, variables by name. */
function plain(expression: Expression | undefined): unknown {
  if (expression === undefined) return undefined;
  if (expression.kind === "literal") return plainValue(expression);
  return expression.kind === "variable" ? expression.name : expression.kind;
}

function plainValue({ value }: Literal): unknown {
  return value instanceof Decimal ? `${String(value.unscaled)}e-${String(value.scale)}` : value;
}

const options = (list: readonly { readonly name: string; readonly value?: Expression }[]): unknown[] =>
  list.map(({ name, value }) => (value === undefined ? name : [name, plain(value)]));

describe("T-SQL parser: BACKUP and RESTORE", () => {
  it("reads BACKUP DATABASE with its options in their order", () => {
    const statement = statementOf(
      `BACKUP DATABASE [mgc] TO DISK = N'\\\\files\\lslogs\\a.bak', DISK = @second
       WITH COPY_ONLY, FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, STATS = 5, COMPRESSION, NAME = N'full',
            DESCRIPTION = @text, RETAINDAYS = 7, BLOCKSIZE = 65536, MEDIANAME = 'm'`,
      "backup",
    );
    assert.equal(statement.type, "DATABASE");
    assert.equal(plain(statement.database), "mgc");
    assert.deepEqual(
      statement.devices.map(({ type, path }) => [type, plain(path)]),
      [
        ["DISK", "\\\\files\\lslogs\\a.bak"],
        ["DISK", "@second"],
      ],
    );
    assert.deepEqual(options(statement.options), [
      "COPY_ONLY",
      "FORMAT",
      "INIT",
      "SKIP",
      "CHECKSUM",
      "STOP_ON_ERROR",
      ["STATS", 5],
      "COMPRESSION",
      ["NAME", "full"],
      ["DESCRIPTION", "@text"],
      ["RETAINDAYS", 7],
      ["BLOCKSIZE", 65536],
      ["MEDIANAME", "m"],
    ]);
  });

  it("reads BACKUP LOG of a variable's database to a logical device", () => {
    const statement = statementOf("BACKUP LOG @db TO tail WITH NORECOVERY, NO_TRUNCATE, STATS", "backup");
    assert.equal(statement.type, "LOG");
    assert.equal(plain(statement.database), "@db");
    assert.deepEqual(
      statement.devices.map(({ type, path }) => [type, plain(path)]),
      [["LOGICAL", "tail"]],
    );
    assert.deepEqual(options(statement.options), ["NORECOVERY", "NO_TRUNCATE", "STATS"]);
  });

  it("reads RESTORE DATABASE with MOVE", () => {
    const statement = statementOf(
      `RESTORE DATABASE mgc FROM DISK = 'a.bak' WITH FILE = 1, REPLACE, NORECOVERY, RESTRICTED_USER, STATS = 5,
       MOVE N'mgc' TO N'D:\\SQLData\\mgc.mdf', MOVE N'mgc_log' TO @log, STANDBY = 'undo.dat', STOPATMARK = 'm' AFTER '20130101'`,
      "restore",
    );
    assert.equal(statement.type, "DATABASE");
    assert.deepEqual(
      statement.moves.map(({ logical, physical }) => [plain(logical), plain(physical)]),
      [
        ["mgc", "D:\\SQLData\\mgc.mdf"],
        ["mgc_log", "@log"],
      ],
    );
    assert.deepEqual(options(statement.options), [
      ["FILE", 1],
      "REPLACE",
      "NORECOVERY",
      "RESTRICTED_USER",
      ["STATS", 5],
      ["STANDBY", "undo.dat"],
      ["STOPATMARK", "m"],
    ]);
    assert.equal(plain(statement.options.at(-1)?.after), "20130101");
  });

  it("reads RESTORE DATABASE without FROM", () => {
    const statement = statementOf("RESTORE DATABASE [mgc] WITH RECOVERY", "restore");
    assert.deepEqual(statement.devices, []);
    assert.deepEqual(options(statement.options), ["RECOVERY"]);
  });

  for (const [text, type] of [
    ["RESTORE LOG mgc FROM DISK = 'a' WITH FILE = 2, STOPAT = @when", "LOG"],
    ["RESTORE HEADERONLY FROM DISK = @file", "HEADERONLY"],
    ["RESTORE FILELISTONLY FROM DISK = 'a' WITH FILE = 1", "FILELISTONLY"],
    ["RESTORE LABELONLY FROM DISK = 'a'", "LABELONLY"],
    ["RESTORE VERIFYONLY FROM DISK = 'a', DISK = 'b' WITH CHECKSUM, LOADHISTORY, MOVE 'a' TO 'b'", "VERIFYONLY"],
  ] as const) {
    it(text, () => assert.equal(statementOf(text, "restore").type, type));
  }
});

describe("T-SQL parser: databases", () => {
  const partner = (text: string): unknown => statementOf(`ALTER DATABASE [mgc] SET ${text}`, "alterDatabase").action;

  for (const [text, action] of [
    [
      "PARTNER = N'TCP://sql-b2.dci.discovery.com:5022'",
      { kind: "address", address: "TCP://sql-b2.dci.discovery.com:5022" },
    ],
    ["PARTNER OFF", { kind: "off" }],
    ["PARTNER FAILOVER", { kind: "failover" }],
    ["PARTNER FORCE_SERVICE_ALLOW_DATA_LOSS", { kind: "forceServiceAllowDataLoss" }],
    ["PARTNER SUSPEND", { kind: "suspend" }],
    ["PARTNER RESUME", { kind: "resume" }],
    ["PARTNER SAFETY FULL", { kind: "safety", safety: "FULL" }],
    ["PARTNER TIMEOUT 15", { kind: "timeout", seconds: 15 }],
  ] as const) {
    it(`SET ${text}`, () => assert.deepEqual(partner(text), { kind: "setPartner", partner: action }));
  }

  for (const [text, action] of [
    ["WITNESS OFF", { kind: "setWitness" }],
    ["WITNESS = 'TCP://w:5022'", { kind: "setWitness", address: "TCP://w:5022" }],
    [
      "READ_ONLY WITH ROLLBACK IMMEDIATE",
      { kind: "set", options: [{ name: "READ_ONLY" }], termination: { kind: "rollbackImmediate" } },
    ],
    [
      "SINGLE_USER WITH ROLLBACK AFTER 30 SECONDS",
      { kind: "set", options: [{ name: "SINGLE_USER" }], termination: { kind: "rollbackAfter", seconds: 30 } },
    ],
    ["OFFLINE WITH NO_WAIT", { kind: "set", options: [{ name: "OFFLINE" }], termination: { kind: "noWait" } }],
    [
      "RECOVERY FULL, TRUSTWORTHY ON, MULTI_USER, PAGE_VERIFY CHECKSUM, COMPATIBILITY_LEVEL = 110",
      {
        kind: "set",
        options: [
          { name: "RECOVERY", value: "FULL" },
          { name: "TRUSTWORTHY", value: "ON" },
          { name: "MULTI_USER" },
          { name: "PAGE_VERIFY", value: "CHECKSUM" },
          { name: "COMPATIBILITY_LEVEL", value: 110 },
        ],
      },
    ],
    ["TARGET_RECOVERY_TIME = 2 MINUTES", { kind: "set", options: [{ name: "TARGET_RECOVERY_TIME", value: 120 }] }],
  ] as const) {
    it(`SET ${text}`, () => assert.deepEqual(partner(text), action));
  }

  it("reads files of CREATE DATABASE", () => {
    assert.deepEqual(
      statementOf(
        `CREATE DATABASE mgc ON PRIMARY (NAME = mgc, FILENAME = N'D:\\SQLData\\mgc.mdf', SIZE = 10MB, FILEGROWTH = 10%),
         FILEGROUP more (NAME = 'mgc2', FILENAME = 'D:\\mgc2.ndf', MAXSIZE = UNLIMITED)
         LOG ON (NAME = mgc_log, FILENAME = 'E:\\mgc_log.ldf', SIZE = 5) COLLATE Latin1_General_CI_AS`,
        "createDatabase",
      ),
      {
        kind: "createDatabase",
        line: 1,
        name: "mgc",
        files: [
          {
            name: "mgc",
            fileName: "D:\\SQLData\\mgc.mdf",
            size: { amount: 10, unit: "MB" },
            growth: { amount: 10, unit: "%" },
          },
          { name: "mgc2", fileName: "D:\\mgc2.ndf", maxSize: "UNLIMITED", filegroup: "more" },
        ],
        logFiles: [{ name: "mgc_log", fileName: "E:\\mgc_log.ldf", size: { amount: 5, unit: "MB" } }],
        collation: "Latin1_General_CI_AS",
        forAttach: false,
      },
    );
  });

  it("reads the other forms of ALTER and DROP DATABASE", () => {
    const action = (text: string): unknown => statementOf(`ALTER DATABASE mgc ${text}`, "alterDatabase").action;
    assert.deepEqual(action("MODIFY NAME = mgc2"), { kind: "modifyName", name: "mgc2" });
    assert.deepEqual(action("COLLATE Czech_CI_AS"), { kind: "collate", collation: "Czech_CI_AS" });
    assert.deepEqual(action("ADD LOG FILE (NAME = l2, FILENAME = 'E:\\l2.ldf')"), {
      kind: "addFiles",
      log: true,
      files: [{ name: "l2", fileName: "E:\\l2.ldf" }],
    });
    assert.deepEqual(action("MODIFY FILE (NAME = mgc, NEWNAME = mgc_data)"), {
      kind: "modifyFile",
      file: { name: "mgc", newName: "mgc_data" },
    });
    assert.deepEqual(statementOf("DROP DATABASE mgc, [mgccomp]", "dropDatabase").names, ["mgc", "mgccomp"]);
    assert.equal(statementOf("ALTER DATABASE CURRENT SET READ_ONLY", "alterDatabase").database, null);
  });
});

describe("T-SQL parser: tables", () => {
  it("reads CREATE TABLE with constraints of columns and of the table", () => {
    const statement = statementOf(
      `CREATE TABLE dbo.tblChat (
         chatId bigint IDENTITY(1, 1) NOT NULL CONSTRAINT pk PRIMARY KEY CLUSTERED,
         channelId int NOT NULL REFERENCES dbo.tblChannel (id) ON DELETE CASCADE,
         content nvarchar(max) COLLATE Latin1_General_BIN NULL DEFAULT (N''),
         code varbinary(16) UNIQUE,
         CONSTRAINT ck CHECK (channelId > 0),
         CONSTRAINT uq UNIQUE NONCLUSTERED (channelId ASC, chatId DESC) WITH (PAD_INDEX = OFF) ON [PRIMARY],
         FOREIGN KEY (channelId) REFERENCES other ON UPDATE SET NULL
       ) ON [PRIMARY] TEXTIMAGE_ON [PRIMARY]`,
      "createTable",
    );
    assert.deepEqual(statement.name, { schema: "dbo", name: "tblChat" });
    assert.deepEqual(
      statement.columns.map(({ name, type, nullable, identity, collation }) => [
        name,
        type.name,
        nullable,
        identity,
        collation,
      ]),
      [
        ["chatId", "bigint", false, { seed: 1n, increment: 1n }, undefined],
        ["channelId", "int", false, undefined, undefined],
        ["content", "nvarchar", true, undefined, "Latin1_General_BIN"],
        ["code", "varbinary", undefined, undefined, undefined],
      ],
    );
    assert.equal(plain(statement.columns[2]?.default?.value), "");
    assert.deepEqual(
      statement.constraints.map((constraint) => [constraint.kind, constraint.name]),
      [
        ["primaryKey", "pk"],
        ["foreignKey", undefined],
        ["unique", undefined],
        ["check", "ck"],
        ["unique", "uq"],
        ["foreignKey", undefined],
      ],
    );
    const references = statement.constraints.flatMap((item) => (item.kind === "foreignKey" ? [item.references] : []));
    assert.deepEqual(
      references.map(({ table, columns, onDelete, onUpdate }) => [table.name, columns, onDelete, onUpdate]),
      [
        ["tblChannel", ["id"], "CASCADE", "NO ACTION"],
        ["other", [], "NO ACTION", "SET NULL"],
      ],
    );
  });

  it("reads ALTER TABLE, DROP TABLE and indexes", () => {
    const action = (text: string): unknown => statementOf(`ALTER TABLE t ${text}`, "alterTable").action;
    assert.deepEqual(action("ADD a int NULL, b bit"), {
      kind: "add",
      columns: [
        { name: "a", type: { name: "int" }, nullable: true, rowGuidColumn: false },
        { name: "b", type: { name: "bit" }, rowGuidColumn: false },
      ],
      constraints: [],
    });
    assert.deepEqual(action("DROP CONSTRAINT ck"), { kind: "dropConstraints", names: ["ck"] });
    assert.deepEqual(action("ALTER COLUMN a bigint NOT NULL"), {
      kind: "alterColumn",
      name: "a",
      type: { name: "bigint" },
      nullable: false,
    });
    const added = statementOf("ALTER TABLE t ADD CONSTRAINT df DEFAULT 1 FOR a", "alterTable").action;
    assert.ok(added.kind === "add" && added.constraints[0]?.kind === "default");
    assert.equal(added.constraints[0].column, "a");
    assert.deepEqual(statementOf("DROP TABLE a, #b", "dropTable").names, [{ name: "a" }, { name: "#b" }]);
    const index = statementOf("CREATE UNIQUE CLUSTERED INDEX i ON dbo.t (a, b DESC) INCLUDE (c)", "createIndex");
    assert.deepEqual([index.unique, index.clustered, index.included], [true, true, ["c"]]);
    assert.deepEqual(statementOf("DROP INDEX i ON t", "dropIndex").indexes, [{ name: "i", table: { name: "t" } }]);
  });
});

describe("T-SQL parser: principals, permissions, administration", () => {
  const KINDS: readonly (readonly [text: string, tree: object])[] = [
    [
      "CREATE LOGIN [observer] WITH PASSWORD = N'x', SID = 0x0102, CHECK_POLICY = ON, DEFAULT_DATABASE = [mgc]",
      {
        kind: "createLogin",
        name: "observer",
        fromWindows: false,
        options: { password: "x", sid: Uint8Array.of(1, 2), checkPolicy: true, defaultDatabase: "mgc" },
      },
    ],
    [
      "CREATE LOGIN [DCI\\svc-sql-p1] FROM WINDOWS",
      { kind: "createLogin", name: "DCI\\svc-sql-p1", fromWindows: true, options: {} },
    ],
    [
      "ALTER LOGIN a WITH PASSWORD = 'n' OLD_PASSWORD = 'o', CHECK_EXPIRATION = OFF",
      {
        kind: "alterLogin",
        name: "a",
        action: { kind: "set", options: { password: "n", oldPassword: "o", checkExpiration: false } },
      },
    ],
    ["ALTER LOGIN a DISABLE", { kind: "alterLogin", name: "a", action: { kind: "disable" } }],
    ["DROP LOGIN a", { kind: "dropLogin", name: "a" }],
    [
      "CREATE USER u FOR LOGIN l WITH DEFAULT_SCHEMA = dbo",
      { kind: "createUser", name: "u", login: "l", defaultSchema: "dbo" },
    ],
    ["CREATE USER u WITHOUT LOGIN", { kind: "createUser", name: "u", login: null }],
    ["ALTER USER u WITH LOGIN = l", { kind: "alterUser", name: "u", login: "l" }],
    ["DROP USER u", { kind: "dropUser", name: "u" }],
    ["CREATE ROLE r AUTHORIZATION dbo", { kind: "createRole", name: "r", owner: "dbo" }],
    [
      "ALTER SERVER ROLE sysadmin ADD MEMBER a",
      { kind: "alterServerRole", name: "sysadmin", action: { kind: "addMember", name: "a" } },
    ],
    ["CREATE SCHEMA s AUTHORIZATION dbo", { kind: "createSchema", name: "s", owner: "dbo" }],
    [
      "GRANT VIEW SERVER STATE, CREATE ANY DATABASE TO [a], PUBLIC WITH GRANT OPTION",
      {
        kind: "permission",
        action: "GRANT",
        permissions: [
          { name: "VIEW SERVER STATE", columns: [] },
          { name: "CREATE ANY DATABASE", columns: [] },
        ],
        principals: ["a", "public"],
        grantOption: true,
        cascade: false,
      },
    ],
    [
      "DENY SELECT (a, b) ON dbo.t TO u CASCADE",
      {
        kind: "permission",
        action: "DENY",
        permissions: [{ name: "SELECT", columns: ["a", "b"] }],
        securable: { class: "OBJECT", name: { schema: "dbo", name: "t" } },
        principals: ["u"],
        grantOption: false,
        cascade: true,
      },
    ],
    [
      "REVOKE CONNECT ON ENDPOINT::Mirroring FROM [DCI\\svc-sql-p1]",
      {
        kind: "permission",
        action: "REVOKE",
        permissions: [{ name: "CONNECT", columns: [] }],
        securable: { class: "ENDPOINT", name: { name: "Mirroring" } },
        principals: ["DCI\\svc-sql-p1"],
        grantOption: false,
        cascade: false,
      },
    ],
    [
      "ALTER AUTHORIZATION ON DATABASE::mgc TO sa",
      { kind: "alterAuthorization", class: "DATABASE", name: { name: "mgc" }, principal: "sa" },
    ],
    [
      `CREATE ENDPOINT Mirroring STATE = STARTED AS TCP (LISTENER_PORT = 5022, LISTENER_IP = (10.0.0.1))
       FOR DATABASE_MIRRORING (AUTHENTICATION = WINDOWS NEGOTIATE, ENCRYPTION = REQUIRED ALGORITHM AES, ROLE = ALL)`,
      {
        kind: "createEndpoint",
        name: "Mirroring",
        options: {
          state: "STARTED",
          listenerPort: 5022,
          listenerIp: "10.0.0.1",
          authentication: "WINDOWS NEGOTIATE",
          encryption: "REQUIRED",
          encryptionAlgorithm: "AES",
          role: "ALL",
        },
      },
    ],
    [
      "ALTER ENDPOINT Mirroring STATE = STOPPED",
      { kind: "alterEndpoint", name: "Mirroring", options: { state: "STOPPED" } },
    ],
    ["DROP ENDPOINT Mirroring", { kind: "dropEndpoint", name: "Mirroring" }],
    ["CREATE MASTER KEY ENCRYPTION BY PASSWORD = 'p'", { kind: "createMasterKey" }],
    [
      "CREATE CERTIFICATE c WITH SUBJECT = N'of mgc'",
      { kind: "createCertificate", name: "c", source: { subject: "of mgc" } },
    ],
    [
      "CREATE CERTIFICATE c FROM FILE = 'f' WITH PRIVATE KEY (FILE = 'k', DECRYPTION BY PASSWORD = 'p')",
      { kind: "createCertificate", name: "c", source: { file: "f", privateKey: "k", password: "p" } },
    ],
    [
      "BACKUP CERTIFICATE c TO FILE = 'f' WITH PRIVATE KEY (FILE = 'k', ENCRYPTION BY PASSWORD = 'p')",
      { kind: "backupCertificate", name: "c", target: { file: "f", privateKey: "k", password: "p" } },
    ],
    ["DROP CERTIFICATE c", { kind: "dropCertificate", name: "c" }],
    [
      "CREATE DATABASE ENCRYPTION KEY WITH ALGORITHM = AES_256 ENCRYPTION BY SERVER CERTIFICATE c",
      { kind: "createEncryptionKey", algorithm: "AES_256", certificate: "c" },
    ],
    ["USE [m]]gc]", { kind: "use", database: "m]gc" }],
    ["KILL 54", { kind: "kill", session: 54, statusOnly: false }],
    ["KILL 54 WITH STATUSONLY", { kind: "kill", session: 54, statusOnly: true }],
    ["CHECKPOINT", { kind: "checkpoint" }],
    ["RECONFIGURE WITH OVERRIDE", { kind: "reconfigure", override: true }],
    ["SHUTDOWN WITH NOWAIT", { kind: "shutdown", noWait: true }],
  ];

  for (const [text, tree] of KINDS) {
    it(text.split("\n")[0] ?? text, () => {
      assert.deepEqual(parse(text, SQL_2012).statements, [{ line: 1, ...tree }]);
    });
  }

  it("reads DBCC with words, signs and options", () => {
    const trace = statementOf("DBCC TRACEON (3226, -1)", "dbcc");
    assert.deepEqual([trace.command, trace.args.map(plain), trace.options], ["TRACEON", [3226, -1], []]);
    const check = statementOf("DBCC CHECKDB (mgc) WITH NO_INFOMSGS, ALL_ERRORMSGS", "dbcc");
    assert.deepEqual(
      [check.command, check.args.map(plain), check.options],
      ["CHECKDB", ["mgc"], ["NO_INFOMSGS", "ALL_ERRORMSGS"]],
    );
  });
});
