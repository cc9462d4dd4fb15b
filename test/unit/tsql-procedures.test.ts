import { deepEqual } from "node:assert/strict";
import { describe, it } from "mocha";
import { SqlError } from "../../lab/tsql/errors";
import type { ProcedureCall } from "../../lab/tsql/host";
import type { SqlType, SqlValue } from "../../lab/tsql/values";
import { RecordingSink, TestSession } from "./support/memory-host";

const NVARCHAR: SqlType = { name: "nvarchar", length: 4000 };
const INT: SqlType = { name: "int" };

/** A session with sp_probe(@name, @count = 1, @id OUTPUT): answers @count + 1, and what it was given. */
function probeSession(): { readonly session: TestSession; readonly calls: ProcedureCall[] } {
  const session = new TestSession();
  const calls: ProcedureCall[] = [];
  session.host.procedures.set("sp_probe", {
    name: "sp_probe",
    parameters: [
      { name: "@name", type: { name: "nvarchar", length: 5 } },
      { name: "@count", type: INT, default: 1 },
      { name: "@id", type: INT, default: null, output: true },
    ],
    execute: (call) => {
      calls.push(call);
      return Promise.resolve({
        returnCode: 7,
        outputs: new Map<string, SqlValue>([["@id", Number(call.arguments.get("@count")) + 1]]),
      });
    },
  });
  session.host.procedures.set("sp_fails", {
    name: "sp_fails",
    parameters: [],
    execute: () => Promise.reject(new SqlError(14262, 16, "The specified @job_name ('x') does not exist.")),
  });
  return { session, calls };
}

const REFUSALS: readonly (readonly [statement: string, number: number])[] = [
  ["EXEC nosuch", 2812],
  ["EXEC sp_probe", 201],
  ["EXEC sp_probe 'a', 1, 2, 3", 8144],
  ["EXEC sp_probe @name = 'a', @what = 1", 8145],
  ["EXEC sp_probe @name = 'a', 2", 119],
  ["EXEC sp_probe @name = 'a', @name = 'b'", 8143],
  ["DECLARE @x int; EXEC sp_probe 'a', @x OUTPUT", 8162],
  ["EXEC sp_probe 'a', 'x'", 8114],
  ["EXEC sp_executesql 'SELECT 1'", 214],
  ["EXEC sp_executesql N'SELECT @a', N'@a int'", 8178],
  ["EXEC sp_executesql N'SELECT 1', N'@a int', @b = 1", 8145],
  ["EXEC sp_execute 99", 8179],
];

describe("T-SQL procedures", () => {
  it("binds by name and position, converts, fills defaults, hands OUTPUT and the return code back", async () => {
    const { session, calls } = probeSession();
    const sink = await session.run(
      "DECLARE @rc int, @id bigint; EXEC @rc = msdb.dbo.sp_probe @id = @id OUTPUT, @name = N'abcdefg'; PRINT @rc; PRINT @id; EXEC sp_probe 'x', DEFAULT; EXEC sp_probe x, '4', @id OUTPUT; PRINT @id",
    );
    deepEqual(sink.errors, []);
    deepEqual(sink.printed, ["7", "2", "5"]);
    deepEqual(
      [...(calls[0]?.arguments ?? [])],
      [
        ["@id", null],
        ["@name", "abcde"],
        ["@count", 1],
      ],
    );
    deepEqual([...(calls[0]?.given ?? [])], ["@id", "@name"]);
    deepEqual(calls[1]?.given, new Set(["@name"]));
  });

  for (const [statement, number] of REFUSALS)
    it(`${statement} is refused with ${String(number)}`, async () => {
      deepEqual((await probeSession().session.run(statement)).errors, [number]);
    });

  it("an error of a procedure carries its name, gives 1 back, and the batch goes on", async () => {
    const { session } = probeSession();
    const sink = await session.run("DECLARE @rc int; EXEC @rc = sp_fails; PRINT CONCAT(@@ERROR, ' ', @rc)");
    deepEqual(
      sink.messages.map((message) => [message.number, message.procedure]),
      [
        [14262, "sp_fails"],
        [0, ""],
      ],
    );
    deepEqual(sink.printed, ["14262 1"]);
  });

  it("TRY catches an error of a procedure", async () => {
    const { session } = probeSession();
    deepEqual(
      (
        await session.run(
          "BEGIN TRY EXEC sp_fails END TRY BEGIN CATCH PRINT CONCAT(ERROR_NUMBER(), ERROR_PROCEDURE()) END CATCH",
        )
      ).printed,
      ["14262sp_fails"],
    );
  });

  it("sp_executesql as a remote call: named and unnamed arguments, values back under the names sent", async () => {
    const session = new TestSession();
    const sink = new RecordingSink();
    const outcome = await session.session.procedure(
      "sp_executesql",
      [
        { name: "", type: NVARCHAR, value: "SET @b = @a + 1; SELECT @a AS a", output: false },
        { name: "", type: NVARCHAR, value: "@a int, @b int OUTPUT", output: false },
        { name: "@a", type: { name: "bigint" }, value: 41n, output: false },
        { name: "@b", type: INT, value: null, output: true },
      ],
      sink,
      new AbortController().signal,
    );
    deepEqual(outcome, { returnStatus: 0, outputs: [{ name: "@b", type: INT, value: 42 }] });
    deepEqual(sink.results[0]?.rows, [[41]]);
  });

  it("prepared statements: handle back without a name, executed again, freed", async () => {
    const session = new TestSession();
    const sink = new RecordingSink();
    const { signal } = new AbortController();
    const prepared = await session.session.procedure(
      "sp_prepexec",
      [
        { name: "", type: INT, value: null, output: true },
        { name: "", type: NVARCHAR, value: "@p int", output: false },
        { name: "", type: NVARCHAR, value: "SELECT @p * 2", output: false },
        { name: "", type: INT, value: 4, output: false },
      ],
      sink,
      signal,
    );
    deepEqual(prepared.outputs, [{ name: "", type: INT, value: 1 }]);
    const handle = { name: "", type: INT, value: 1, output: false };
    await session.session.procedure(
      "sp_execute",
      [handle, { name: "", type: INT, value: 5, output: false }],
      sink,
      signal,
    );
    deepEqual(
      sink.results.map((result) => result.rows),
      [[[8]], [[10]]],
    );
    await session.session.procedure("sp_unprepare", [handle], sink, signal);
    await session.session.procedure("sp_execute", [handle], sink, signal);
    deepEqual(sink.errors, [8179]);
  });

  it("a transaction that sp_executesql leaves open is 266, and stays open", async () => {
    const session = new TestSession();
    const sink = await session.run("EXEC sp_executesql N'BEGIN TRAN'");
    deepEqual(
      sink.messages.map((message) => message.text),
      [
        "Transaction count after EXECUTE indicates a mismatching number of BEGIN and COMMIT statements. Previous count = 0, current count = 1.",
      ],
    );
    deepEqual(await session.rows("SELECT @@TRANCOUNT"), [[1]]);
  });

  it("a syntax error inside of EXEC ends only the text", async () => {
    const sink = await new TestSession().run("EXEC('SELEC 1'); PRINT 'on'");
    deepEqual(sink.printed, ["on"]);
    deepEqual(sink.errors.length, 1);
  });

  it("EXEC nests 32 deep (217)", async () => {
    const session = new TestSession();
    const sink = await session.run(
      "CREATE TABLE #s (text nvarchar(max)); INSERT #s VALUES (N'DECLARE @x nvarchar(max); SELECT @x = text FROM #s; EXEC(@x)'); DECLARE @x nvarchar(max); SELECT @x = text FROM #s; EXEC(@x)",
    );
    deepEqual(sink.errors, [217]);
  });
});
