import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Query, Statement, TableSource } from "../../lab/tsql/ast";
import { parse } from "../../lab/tsql/parser";

const VERSIONS = [
  { major: 10, minor: 50 },
  { major: 11, minor: 0 },
] as const;
const SQL_2012 = VERSIONS[1];

function only<Kind extends Statement["kind"]>(text: string, kind: Kind): Extract<Statement, { readonly kind: Kind }> {
  const { statements } = parse(text, SQL_2012);
  assert.deepEqual(
    statements.map((statement) => statement.kind),
    [kind],
    text,
  );
  return statements[0] as Extract<Statement, { readonly kind: Kind }>;
}

function selectOf(text: string): Query {
  return only(text, "selectStatement").query;
}

/** Batches of the kinds that a failback sends, and the statements that they hold. */
const BATCHES: readonly (readonly [about: string, text: string, kinds: readonly Statement["kind"][]])[] = [
  [
    "states of the databases",
    `SELECT d.name, d.state_desc, SUSER_SNAME(d.owner_sid) AS owner_name, r.recovery_fork_guid, m.mirroring_role_desc
     FROM sys.databases AS d
     LEFT JOIN sys.database_recovery_status AS r ON r.database_id = d.database_id
     LEFT OUTER JOIN sys.database_mirroring AS m ON m.database_id = d.database_id
     WHERE d.name IN (N'mgc', N'mgccomp');
     SELECT f.file_id FROM sys.master_files AS f WHERE f.database_id = DB_ID(N'mgc');`,
    ["selectStatement", "selectStatement"],
  ],
  [
    "history of restores, with columns named as keywords",
    `SELECT TOP (50) rh.restore_date, rh.[replace], rh.[recovery], bs.type, bs.name AS set_name
     FROM msdb.dbo.restorehistory AS rh
     JOIN msdb..backupset AS bs ON bs.backup_set_id = rh.backup_set_id
     LEFT JOIN msdb.dbo.backupmediafamily mf ON mf.media_set_id = bs.media_set_id AND mf.family_sequence_number = 1
     WHERE rh.restore_type IN ('D', 'I', 'L') ORDER BY rh.restore_history_id DESC`,
    ["selectStatement"],
  ],
  [
    "fence",
    `SET XACT_ABORT OFF; SET IMPLICIT_TRANSACTIONS OFF; SET LOCK_TIMEOUT 30000; SET DEADLOCK_PRIORITY HIGH;
     IF @@TRANCOUNT <> 0 BEGIN RAISERROR(N'open transaction', 16, 1); RETURN; END;
     IF EXISTS (SELECT 1 FROM sys.databases WHERE name = N'mgc' AND is_read_only = 0)
       ALTER DATABASE [mgc] SET READ_ONLY WITH ROLLBACK IMMEDIATE;`,
    ["setSwitch", "setSwitch", "setValue", "setValue", "if", "if"],
  ],
  [
    "backup and its verification",
    `BACKUP DATABASE [mgc] TO DISK = N'\\\\s\\a.bak' WITH FORMAT, INIT, SKIP, CHECKSUM, STATS = 5, NAME = N'full';
     RESTORE VERIFYONLY FROM DISK = N'\\\\s\\a.bak' WITH FILE = 1, CHECKSUM, STOP_ON_ERROR;
     RESTORE HEADERONLY FROM DISK = N'\\\\s\\a.bak'; RESTORE FILELISTONLY FROM DISK = N'\\\\s\\a.bak' WITH FILE = 1;`,
    ["backup", "restore", "restore", "restore"],
  ],
  [
    "restore without semicolons",
    `USE [mgc]
     ALTER DATABASE [mgc] SET SINGLE_USER WITH ROLLBACK IMMEDIATE
     USE [master]
     RESTORE DATABASE [mgc] FROM DISK = N'a' WITH FILE = 1, REPLACE, RECOVERY, MOVE N'mgc' TO N'D:\\mgc.mdf'
     ALTER DATABASE [mgc] SET MULTI_USER`,
    ["use", "alterDatabase", "use", "restore", "alterDatabase"],
  ],
  [
    "application lock",
    `DECLARE @rc int, @context varbinary(128);
     SET @context = CONVERT(varbinary(128), N'primary/7f3a'); SET CONTEXT_INFO @context;
     EXEC @rc = master.sys.sp_getapplock @Resource = N'r', @LockMode = 'Exclusive', @LockTimeout = 0;
     SELECT @rc AS rc;`,
    ["declare", "setVariable", "setValue", "execute", "selectStatement"],
  ],
  [
    "aggregates over a table",
    `SELECT c.channelId, COUNT_BIG(*) AS n, SUM(CONVERT(decimal(38, 0), c.chatId)) AS s,
            CHECKSUM_AGG(BINARY_CHECKSUM(c.chatId, c.content)) AS x
     FROM mgc.dbo.tblChat AS c WITH (TABLOCK) GROUP BY c.channelId HAVING COUNT(*) > 1;`,
    ["selectStatement"],
  ],
  [
    "writes through a table-valued function",
    `SELECT v.file_id FROM sys.dm_io_virtual_file_stats(DB_ID(N'mgc'), NULL) AS v CROSS JOIN sys.dm_os_sys_info AS i
     JOIN sys.master_files AS f ON f.database_id = v.database_id WHERE f.type = 1;`,
    ["selectStatement"],
  ],
  [
    "login",
    `CREATE LOGIN [o] WITH PASSWORD = N'x', SID = 0x01; GRANT VIEW SERVER STATE TO [o]; GRANT VIEW ANY DEFINITION TO [o];`,
    ["createLogin", "permission", "permission"],
  ],
  ["nothing at all", " -- nothing\n/* /* nested */ */ ;;", []],
  ["a client's word taken as an alias", "SELECT 1\nGO\nSELECT 2", ["selectStatement", "selectStatement"]],
];

describe("T-SQL parser: batches", () => {
  for (const [about, text, kinds] of BATCHES) {
    for (const version of VERSIONS) {
      it(`${about}, version ${String(version.major)}`, () => {
        assert.deepEqual(
          parse(text, version).statements.map((statement) => statement.kind),
          kinds,
        );
      });
    }
  }

  it("tells the line of each statement", () => {
    const { statements } = parse("\nPRINT 'a\nb'; PRINT 'c'\n/* x\n */ PRINT 'd'", SQL_2012);
    assert.deepEqual(
      statements.map((statement) => statement.line),
      [2, 3, 5],
    );
  });
});

describe("T-SQL parser: control of flow", () => {
  it("nests IF, WHILE and blocks; ELSE belongs to the nearest IF", () => {
    const statement = only("IF 1 = 1 IF 2 = 2 PRINT 'a'; ELSE PRINT 'b'", "if");
    assert.equal(statement.otherwise, undefined);
    assert.ok(statement.then.kind === "if");
    assert.equal(statement.then.otherwise?.kind, "print");
    const loop = only("WHILE @i < 3 BEGIN SET @i += 1; IF @i = 2 CONTINUE ELSE BREAK END", "while");
    assert.ok(loop.body.kind === "block");
    assert.deepEqual(
      loop.body.statements.map((inner) => inner.kind),
      ["setVariable", "if"],
    );
  });

  it("reads TRY and CATCH, and THROW inside it", () => {
    const statement = only("BEGIN TRY SELECT 1; END TRY BEGIN CATCH PRINT 'x'; THROW; END CATCH", "tryCatch");
    assert.deepEqual(
      statement.handler.map((inner) => inner.kind),
      ["print", "throw"],
    );
    assert.deepEqual(only("BEGIN TRY SELECT 1 END TRY BEGIN CATCH END CATCH", "tryCatch").handler, []);
  });

  it("reads labels, GOTO, RETURN, WAITFOR and RAISERROR", () => {
    const { statements } = parse(
      `again: GOTO again; RETURN; WAITFOR DELAY '00:00:01'; WAITFOR TIME @t;
       RAISERROR (50001, -1, @state, 'a', @b) WITH NOWAIT, SETERROR`,
      SQL_2012,
    );
    assert.deepEqual(
      statements.map((statement) => statement.kind),
      ["label", "goto", "return", "waitFor", "waitFor", "raiseError"],
    );
    const error = statements.at(-1);
    assert.ok(error?.kind === "raiseError");
    assert.deepEqual(error.options, ["NOWAIT", "SETERROR"]);
    assert.deepEqual(error.severity, { kind: "literal", type: { name: "int" }, value: -1 });
    assert.equal(error.args.length, 2);
  });

  it("allows a value of RETURN in the body of a procedure", () => {
    const [statement] = parse("RETURN -1", SQL_2012, { allowReturnValue: true }).statements;
    assert.ok(statement?.kind === "return" && statement.value?.kind === "unary");
  });

  it("reads transactions", () => {
    assert.deepEqual(
      parse("BEGIN TRAN t WITH MARK 'm'; SAVE TRANSACTION s; ROLLBACK TRAN s; COMMIT WORK; ROLLBACK", SQL_2012)
        .statements,
      [
        { kind: "beginTransaction", line: 1, name: "t", mark: "m" },
        { kind: "saveTransaction", line: 1, name: "s" },
        { kind: "rollbackTransaction", line: 1, name: "s" },
        { kind: "commitTransaction", line: 1 },
        { kind: "rollbackTransaction", line: 1 },
      ],
    );
  });
});

describe("T-SQL parser: SET and EXECUTE", () => {
  it("reads options of SET", () => {
    assert.deepEqual(
      parse(
        `SET ANSI_NULLS, NOCOUNT ON; SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; SET LANGUAGE us_english;
         SET DEADLOCK_PRIORITY -5; SET LOCK_TIMEOUT -1; SET ROWCOUNT @n; SET IDENTITY_INSERT dbo.t ON; SET STATISTICS IO OFF`,
        SQL_2012,
      ).statements.map((statement) => {
        if (statement.kind === "setSwitch") return [statement.options, statement.on];
        if (statement.kind === "setIdentityInsert") return [statement.table.name, statement.on];
        assert.ok(statement.kind === "setValue");
        const { option, value } = statement;
        return [option, value.kind === "literal" ? value.value : value.kind];
      }),
      [
        [["ANSI_NULLS", "NOCOUNT"], true],
        ["TRANSACTION ISOLATION LEVEL", "READ UNCOMMITTED"],
        ["LANGUAGE", "us_english"],
        ["DEADLOCK_PRIORITY", -5],
        ["LOCK_TIMEOUT", -1],
        ["ROWCOUNT", "variable"],
        ["t", true],
        [["STATISTICS IO"], false],
      ],
    );
  });

  it("reads arguments of EXEC", () => {
    const statement = only(
      "EXEC @rc = msdb.dbo.p 1, -2, N'x', bare, @v OUTPUT, DEFAULT, @named = NULL, @o = @v OUT",
      "execute",
    );
    assert.equal(statement.returnVariable, "@rc");
    assert.deepEqual(statement.procedure, { kind: "name", name: { database: "msdb", schema: "dbo", name: "p" } });
    assert.deepEqual(
      statement.args.map(({ name, value, output }) => [
        name,
        value.kind === "literal" ? value.value : value.kind,
        output,
      ]),
      [
        [undefined, 1, false],
        [undefined, -2, false],
        [undefined, "x", false],
        [undefined, "bare", false],
        [undefined, "variable", true],
        [undefined, "default", false],
        ["@named", null, false],
        ["@o", "variable", true],
      ],
    );
  });

  it("takes a procedure without EXEC first in a batch, by variable, and a text", () => {
    assert.equal(only("sp_who2 'active'", "execute").args.length, 1);
    assert.deepEqual(only("EXEC @p", "execute").procedure, { kind: "variable", name: "@p" });
    assert.equal(only("EXEC (N'SELECT ' + @x + '')", "executeString").text.kind, "binary");
  });
});

describe("T-SQL parser: queries", () => {
  const fromOf = (text: string): readonly TableSource[] => {
    const { body } = selectOf(text);
    assert.ok(body.kind === "select");
    return body.from;
  };

  it("reads every source of FROM", () => {
    const sources = fromOf(
      `SELECT 1 FROM t (NOLOCK), u AS v WITH (UPDLOCK, INDEX(1)), @tv AS w, f(1, 'a') AS g (c1, c2),
       (SELECT 1) AS d (a), (VALUES (1, 2), (3, 4)) AS x (p, q)`,
    );
    assert.deepEqual(
      sources.map((source) => source.kind),
      ["table", "table", "tableVariable", "tableFunction", "derivedTable", "valuesTable"],
    );
    assert.deepEqual(
      sources.flatMap((source) => (source.kind === "table" ? [source.hints] : [])),
      [["NOLOCK"], ["UPDLOCK", "INDEX"]],
    );
  });

  it("puts joins before a late ON to the right side", () => {
    const [source] = fromOf("SELECT 1 FROM a LEFT JOIN b JOIN c ON b.x = c.x ON a.x = b.x CROSS APPLY f(a.x) AS g");
    assert.ok(source?.kind === "join" && source.type === "CROSS APPLY");
    assert.ok(source.left.kind === "join" && source.left.type === "LEFT");
    assert.ok(source.left.right.kind === "join" && source.left.right.type === "INNER");
  });

  it("takes parentheses around joins and around queries", () => {
    assert.equal(fromOf("SELECT 1 FROM a JOIN (b JOIN c ON 1 = 1) ON 2 = 2")[0]?.kind, "join");
    assert.equal(fromOf("SELECT 1 FROM ((SELECT 1 AS a) UNION ALL (SELECT 2)) AS d")[0]?.kind, "derivedTable");
    assert.equal(fromOf("SELECT 1 FROM ((SELECT 1 AS a) AS d CROSS JOIN t)")[0]?.kind, "join");
  });

  it("binds INTERSECT before UNION and EXCEPT", () => {
    const { body } = selectOf("SELECT 1 UNION SELECT 2 INTERSECT SELECT 3 EXCEPT SELECT 4");
    assert.ok(body.kind === "setOperation" && body.operator === "EXCEPT");
    assert.ok(body.left.kind === "setOperation" && body.left.operator === "UNION");
    assert.ok(body.left.right.kind === "setOperation" && body.left.right.operator === "INTERSECT");
  });

  it("reads TOP, INTO, OFFSET, OPTION and WITH", () => {
    const query = selectOf(
      `WITH x (a) AS (SELECT 1), y AS (SELECT TOP 1 a FROM x ORDER BY a)
       SELECT DISTINCT TOP (10) PERCENT WITH TIES a INTO #t FROM y ORDER BY a DESC OPTION (MAXDOP 1, RECOMPILE)`,
    );
    assert.deepEqual(
      query.commonTables.map(({ name, columns }) => [name, columns]),
      [
        ["x", ["a"]],
        ["y", undefined],
      ],
    );
    assert.ok(query.body.kind === "select");
    assert.deepEqual(query.body.into, { name: "#t" });
    assert.deepEqual([query.body.distinct, query.body.top?.percent, query.body.top?.withTies], [true, true, true]);
    assert.deepEqual(
      query.hints.map((hint) => hint.name),
      ["MAXDOP", "RECOMPILE"],
    );
    const paged = selectOf("SELECT a FROM t ORDER BY a OFFSET 5 ROWS FETCH NEXT 10 ROWS ONLY");
    assert.ok(paged.offset?.fetch?.kind === "literal");
  });
});

describe("T-SQL parser: data modification", () => {
  it("reads every source of INSERT", () => {
    const source = (text: string): string => only(text, "insert").source.kind;
    assert.equal(source("INSERT INTO t (a, b) VALUES (1, DEFAULT), (2, 3)"), "values");
    assert.equal(source("INSERT t SELECT 1"), "query");
    assert.equal(source("INSERT INTO t (SELECT 1)"), "query");
    assert.equal(source("INSERT @t (a) EXEC p 1"), "execute");
    assert.equal(source("INSERT t WITH (TABLOCK) (a) EXEC (@sql)"), "execute");
    assert.equal(source("INSERT t DEFAULT VALUES"), "defaultValues");
    const insert = only("INSERT t (a) OUTPUT inserted.a INTO @o (x) VALUES (1)", "insert");
    assert.deepEqual(insert.columns, ["a"]);
    assert.deepEqual(insert.output?.into?.columns, ["x"]);
  });

  it("reads assignments of UPDATE", () => {
    const statement = only(
      "UPDATE TOP (5) u SET u.a = 1, b += 2, @v = c = 3, @w = 4, d = DEFAULT FROM t AS u JOIN x ON 1 = 1 WHERE u.a > 0",
      "update",
    );
    assert.deepEqual(
      statement.assignments.map(({ column, variable, operator, value }) => [
        column?.name,
        variable,
        operator,
        value.kind,
      ]),
      [
        ["a", undefined, "=", "literal"],
        ["b", undefined, "+=", "literal"],
        ["c", "@v", "=", "literal"],
        [undefined, "@w", "=", "literal"],
        ["d", undefined, "=", "default"],
      ],
    );
    assert.equal(statement.from[0]?.kind, "join");
  });

  it("reads DELETE and TRUNCATE TABLE", () => {
    assert.equal(only("DELETE t", "delete").where, undefined);
    assert.equal(
      only("DELETE TOP (1) FROM t OUTPUT deleted.a FROM t JOIN u ON 1 = 1 WHERE 1 = 1", "delete").from.length,
      1,
    );
    assert.deepEqual(only("TRUNCATE TABLE dbo.t", "truncateTable").table, { schema: "dbo", name: "t" });
    assert.equal(only("WITH x AS (SELECT 1 AS a) DELETE FROM x", "delete").commonTables.length, 1);
  });

  it("reads table variables", () => {
    const { declarations } = only(
      "DECLARE @t TABLE (a int PRIMARY KEY, b nvarchar(10) DEFAULT 'x', UNIQUE (b)), @n int = 1",
      "declare",
    );
    const [table, scalar] = declarations;
    assert.ok(table?.kind === "table" && scalar?.kind === "scalar");
    assert.deepEqual(
      table.constraints.map((constraint) => constraint.kind),
      ["primaryKey", "unique"],
    );
    assert.equal(scalar.value?.kind, "literal");
  });
});
