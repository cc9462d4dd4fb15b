import assert from "node:assert/strict";
import { runPowerShell } from "../../lab/shell/run";

const identity = { account: "DCI\\svc-agent-b1", computer: "sql-b1" };

/** Runs a script without files; lines of the output without their ends. */
async function run(script: string): Promise<{ lines: string[]; error: string; exitCode: number }> {
  const { output, error, exitCode } = await runPowerShell(script, { variables: { GREETING: "hello" }, identity });
  const lines = output === "" ? [] : output.replace(/\r\n$/, "").split("\r\n");
  return { lines, error: error.replaceAll("\r\n", "\n"), exitCode };
}

/** Script, and the lines that it must write without an error. */
const TABLE: Readonly<Record<string, readonly (readonly [string, readonly string[]])[]>> = {
  "variables and strings": [
    ['$x = 5; "a $x $($x + 1) `"q`" ${x}"', ['a 5 6 "q" 5']],
    ["'single $x ''quoted'''", ["single $x 'quoted'"]],
    ['"$env:GREETING"; $env:NOTHING -eq $null', ["hello", "True"]],
    ['$a, $b = 1, 2, 3; $a; "$b"', ["1", "2 3"]],
    ['"tab`tnew"', ["tab\tnew"]],
    ["$null = 5; $null -eq $null", ["True"]],
    ["'{0}-{1:N2}-{2:d3}-{0,4}' -f 'a', 2.5, 7", ["a-2.50-007-   a"]],
    ["$x = 'before'; $x += '!'; $x", ["before!"]],
  ],
  "numbers and operators": [
    ["5 / 2; 4 / 2; 7 % 3; 2 * 3 + 1; 10KB; 0x1F", ["2.5", "2", "1", "7", "10240", "31"]],
    [
      "'ABC' -eq 'abc'; 'ABC' -ceq 'abc'; 'abc' -ne 'x'; 2 -gt 1; '10' -lt '9'; 10 -lt '9'",
      ["True", "False", "True", "True", "True", "False"],
    ],
    ["1, 2, 3 -contains 2; 2 -in 1, 2; 1, 2, 3 -ne 2", ["True", "True", "1", "3"]],
    [
      "'file.trn' -like '*.TRN'; 'a*' -like 'a[*]'; 'mgc_12' -match 'mgc_(\\d+)'; $Matches[1]",
      ["True", "True", "True", "12"],
    ],
    [
      "'a,b,c' -split ',' -join '+'; -join ('a', 'b'); 'x-y' -replace '-', '_'; 'abc' -replace 'B', '<$0>'",
      ["a+b+c", "ab", "x_y", "a<b>c"],
    ],
    ["-not $true; !$false; $true -and $false -or $true; $true -xor $true", ["False", "True", "True", "False"]],
    ["5 -is [int]; '5' -as [int]; [int]'7' + 1; [string]1.5; [bool]'x'", ["True", "5", "8", "1.5", "True"]],
    ["(1..3).Count; 3..1", ["3", "3", "2", "1"]],
  ],
  "collections and objects": [
    ["@().Count; @(1).Count; (1, 2, 3)[-1]; (1, 2, 3)[0, 2]; $null.Count", ["0", "1", "3", "1", "3", "0"]],
    ["$h = @{ b = 1 }; $h['a'] = 2; $h.c = 3; $h.Count; $h.ContainsKey('A'); $h.a", ["3", "True", "2"]],
    [
      "$o = [pscustomobject]@{ Name = 'x'; List = @(1, 2) }; $o.name; $o.List.Count; \"$o\"",
      ["x", "2", "@{Name=x; List=System.Object[]}"],
    ],
    ["@([pscustomobject]@{ n = 1 }, [pscustomobject]@{ n = 2 }).n", ["1", "2"]],
    [
      "'text'.ToUpper(); 'text'.Substring(1, 2); 'a;b'.Split(';').Count; ' x '.Trim(); 'abc'.Length",
      ["TEXT", "ex", "2", "x", "3"],
    ],
    ["$l = New-Object System.Collections.ArrayList; $null = $l.Add('a'); [void]$l.Add('b'); $l.Count", ["2"]],
    ["$p = @{ Depth = 5; Compress = $true }; @{ a = 1 } | ConvertTo-Json @p", ['{"a":1}']],
  ],
  statements: [
    ["if (1 -eq 2) { 'a' } elseif ($true) { 'b' } else { 'c' }", ["b"]],
    ["foreach ($i in 1..4) { if ($i -eq 2) { continue }; if ($i -eq 4) { break }; $i }", ["1", "3"]],
    [
      "for ($i = 0; $i -lt 2; $i++) { $i }; $n = 0; while ($true) { $n++; if ($n -gt 2) { break } }; $n; do { $n-- } until ($n -le 0); $n",
      ["0", "1", "3", "0"],
    ],
    ["function Add-Two($a, [int]$b = 3) { return $a + $b }; Add-Two 1; Add-Two -b 5 -a 2", ["4", "7"]],
    ["& { param($q, $r) \"$q/$r\" } 7 -r 8; $block = { 'run' }; & $block; $block.Invoke()", ["7/8", "run", "run"]],
    ["$x = if ($true) { 'yes' } else { 'no' }; $x", ["yes"]],
    ["try { 1 / 0 } catch { $_.Exception.Message } finally { 'finally' }", ["Attempted to divide by zero.", "finally"]],
    ["try { throw 'no' } catch [System.FormatException] { 'wrong' } catch { \"caught $_\" }", ["caught no"]],
    [
      "try { [System.Convert]::FromBase64String('!') } catch { $_.FullyQualifiedErrorId; $_.Exception.InnerException.GetType().FullName }",
      ["FormatException", "System.FormatException"],
    ],
  ],
  pipelines: [
    ["1, 2, 3 | Where-Object { $_ -gt 1 } | ForEach-Object { $_ * 2 }", ["4", "6"]],
    ["1..1000 | Select-Object -First 2", ["1", "2"]],
    ["'b', 'a', 'B' | Sort-Object; 3, 1 | Sort-Object -Descending", ["a", "b", "B", "3", "1"]],
    ["@{ n = 'x'; v = 2 }, @{ n = 'y'; v = 1 } | Sort-Object { $_.v } | ForEach-Object { $_.n }", ["y", "x"]],
    ["(1, 2, 3 | Measure-Object -Sum).Sum; (1, 2 | Measure-Object).Count", ["6", "2"]],
    [
      "[pscustomobject]@{ A = 1; B = 2 } | Select-Object 'A', @{ n = 'C'; e = { $_.B * 10 } } | ConvertTo-Json -Compress",
      ['{"A":1,"C":20}'],
    ],
    ["[pscustomobject]@{ A = 1; B = 2 } | Select-Object A,B | ConvertTo-Json -Compress", ['{"A":1,"B":2}']],
    ["[pscustomobject]@{ A = 1, 2 } | Select-Object -ExpandProperty A", ["1", "2"]],
    ["'a', 'b' | Where-Object Length -eq 1 | ForEach-Object ToUpper", ["A", "B"]],
    ["Write-Error 'lost' 2>$null; Write-Error 'kept' 2>&1 | ForEach-Object { \"got $_\" }", ["got kept"]],
  ],
  ".NET types": [
    ["[System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String('w6TDtg=='))", ["äö"]],
    [
      "[Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('YQBiAA==')); [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes('abc'))",
      ["ab", "YWJj"],
    ],
    [
      "[System.Security.Principal.WindowsIdentity]::GetCurrent().Name; whoami; [Environment]::MachineName",
      ["DCI\\svc-agent-b1", "dci\\svc-agent-b1", "SQL-B1"],
    ],
    [
      "([datetime]'2013-02-03 04:05:06').ToString('yyyy-MM-ddTHH:mm:ss'); (Get-Date -Date '2013-02-03' -Format 'MM/yy')",
      ["2013-02-03T04:05:06", "02/13"],
    ],
    [
      "[string]::IsNullOrEmpty(''); [string]::Join('-', @('a', 'b')); [math]::Round(2.5); [math]::Max(1, 2)",
      ["True", "a-b", "2", "2"],
    ],
    [
      "$c = New-Object System.Management.Automation.PSCredential('DCI\\u', (ConvertTo-SecureString 'pw' -AsPlainText -Force)); $c.UserName; $c.GetNetworkCredential().Password; \"$($c.Password)\"",
      ["DCI\\u", "pw", "System.Security.SecureString"],
    ],
    [
      "$PSVersionTable.PSVersion.Major; $ErrorActionPreference; $PSVersionTable.PSEdition",
      ["5", "Continue", "Desktop"],
    ],
  ],
  "JSON of Windows PowerShell 5.1": [
    [
      "@(1) | ConvertTo-Json -Compress; ConvertTo-Json @(1) -Compress; 1, 2 | ConvertTo-Json -Compress; @() | ConvertTo-Json",
      ["1", "[1]", "[1,2]"],
    ],
    [
      "@{ a = @{ b = @{ c = @{ d = 1 } } } } | ConvertTo-Json -Compress",
      ['{"a":{"b":{"c":"System.Collections.Hashtable"}}}'],
    ],
    [
      "[pscustomobject]@{ a = 1; b = @(1, 2) } | ConvertTo-Json",
      ["{", '    "a":  1,', '    "b":  [', "              1,", "              2", "          ]", "}"],
    ],
    ["'a''<é' | ConvertTo-Json", ['"a\\u0027\\u003cé"']],
    ["[datetime]'1970-01-01 00:00:01' | ConvertTo-Json", ['"\\/Date(1000)\\/"']],
    [
      '\'{"k":[1,{"a":"x"}],"n":null}\' | ConvertFrom-Json | ForEach-Object { $_.k[1].a; $_.n -eq $null }',
      ["x", "True"],
    ],
  ],
  "quotes as PowerShell's tokenizer sees them": [
    [
      "\u2018it\u2019; 'it\u2019\u2019s'; \u201cdq\u201d; \"it\u2019s \u2013 ok\"",
      ["it", "it\u2019s", "dq", "it\u2019s \u2013 ok"],
    ],
    ["Write-Output \u2013InputObject 5", ["5"]],
  ],
  output: [
    ["[Console]::Out.WriteLine('out'); Write-Output 'written'; Write-Host 'host'", ["out", "written", "host"]],
    ["[pscustomobject]@{ a = 1; bb = 'x' }", ["", "a bb", "- --", "1 x", ""]],
    [
      "[pscustomobject]@{ a = 1; bb = 2; c = 3; d = 4; e = $null } | Out-String -Stream | Where-Object { $_ -ne '' }",
      ["a  : 1", "bb : 2", "c  : 3", "d  : 4", "e  :"],
    ],
  ],
};

describe("PowerShell interpreter", () => {
  for (const [title, rows] of Object.entries(TABLE))
    describe(title, () => {
      for (const [script, expected] of rows)
        it(script, async () => {
          const { lines, error } = await run(script);
          assert.equal(error, "");
          assert.deepEqual(
            lines.map((line) => line.trimEnd()),
            expected.map((line) => line.trimEnd()),
          );
        });
    });

  it("does not take a typographic quote for text: what follows is a command", async () => {
    const { lines, error } = await run("'a\u2019; Remove-Everything; \u2019b'");
    assert.deepEqual(lines, ["a", "b"]);
    assert.match(error, /^Remove-Everything : The term 'Remove-Everything' is not recognized/);
  });

  describe("errors", () => {
    it("writes an uncaught error as PowerShell 5.1 does and ends with 1", async () => {
      const { error, exitCode } = await run("'first'; Get-Foo -Bar 1");
      assert.equal(
        error,
        [
          "Get-Foo : The term 'Get-Foo' is not recognized as the name of a cmdlet, function, script file, or operable program. Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
          "At line:1 char:10",
          "+ 'first'; Get-Foo -Bar 1",
          "+          ~~~~~~~",
          "    + CategoryInfo          : ObjectNotFound: (Get-Foo:String) [], CommandNotFoundException",
          "    + FullyQualifiedErrorId : CommandNotFoundException",
          " ",
          "",
        ].join("\n"),
      );
      assert.equal(exitCode, 1);
    });

    const identifiers: readonly (readonly [string, string, string])[] = [
      [
        "Get-Date -Frmat x",
        "NamedParameterNotFound,Microsoft.PowerShell.Commands.GetDateCommand",
        "A parameter cannot be found that matches parameter name 'Frmat'.",
      ],
      [
        "Select-Object -P x",
        "AmbiguousParameter,Microsoft.PowerShell.Commands.SelectObjectCommand",
        "Parameter cannot be processed because the parameter name 'P' is ambiguous. Possible matches include: -Property -PipelineVariable.",
      ],
      [
        "Get-Date -Format",
        "MissingArgument,Microsoft.PowerShell.Commands.GetDateCommand",
        "Missing an argument for parameter 'Format'. Specify a parameter of type 'System.String' and try again.",
      ],
      [
        "Get-Date 1 2 3",
        "PositionalParameterNotFound,Microsoft.PowerShell.Commands.GetDateCommand",
        "A positional parameter cannot be found that accepts argument '2'.",
      ],
      [
        "ConvertTo-Json 1 -Depth x",
        "CannotConvertArgumentNoMessage,Microsoft.PowerShell.Commands.ConvertToJsonCommand",
        'Cannot bind parameter \'Depth\'. Cannot convert value "x" to type "System.Int32". Error: "Input string was not in a correct format."',
      ],
      [
        "New-Object",
        "MissingMandatoryParameter,Microsoft.PowerShell.Commands.NewObjectCommand",
        "Cannot process command because of one or more missing mandatory parameters: TypeName.",
      ],
      ["[Nope.Type]::X", "TypeNotFound", "Unable to find type [Nope.Type]."],
      [
        "'x'.Nope()",
        "MethodNotFound",
        "Method invocation failed because [System.String] does not contain a method named 'Nope'.",
      ],
      ["$null.Foo()", "InvokeMethodOnNull", "You cannot call a method on a null-valued expression."],
      [
        "[int]'x'",
        "InvalidCastFromStringToInteger",
        'Cannot convert value "x" to type "System.Int32". Error: "Input string was not in a correct format."',
      ],
      ["throw 'boom'", "boom", "boom"],
      [
        "Write-Error 'soft' -ErrorAction Stop",
        "Microsoft.PowerShell.Commands.WriteErrorException,Microsoft.PowerShell.Commands.WriteErrorException",
        "soft",
      ],
    ];
    for (const [script, identifier, message] of identifiers)
      it(`${script} is ${identifier}`, async () => {
        const { lines, error } = await run(
          `try { ${script} } catch { $_.FullyQualifiedErrorId; $_.Exception.Message }`,
        );
        assert.equal(error, "");
        assert.deepEqual(lines, [identifier, message]);
      });

    const unparsable: readonly (readonly [string, string])[] = [
      ["'first'; Write-Output 'open", "TerminatorExpectedAtEndOfString"],
      ["'first'; if ($true) { 'x'", "MissingEndCurlyBrace"],
      ["'first'; ('x'", "MissingEndParenthesisInExpression"],
      ["'first' | | 'x'", "EmptyPipeElement"],
      ["'first' && 'x'", "InvalidEndOfLine"],
    ];
    for (const [script, identifier] of unparsable)
      it(`runs nothing of ${script}`, async () => {
        const { lines, error, exitCode } = await run(script);
        assert.deepEqual(lines, []);
        assert.match(error, new RegExp(`FullyQualifiedErrorId : ${identifier}\n`));
        assert.equal(exitCode, 1);
      });

    it("goes on after a non-terminating error, and stops where the preference says so", async () => {
      const soft = await run("Write-Error 'bad'; 'after'");
      assert.deepEqual([soft.lines, soft.exitCode], [["after"], 0]);
      assert.match(soft.error, /^Write-Error : bad\n/);
      const hard = await run("$ErrorActionPreference = 'Stop'; Write-Error 'bad'; 'after'");
      assert.deepEqual([hard.lines, hard.exitCode], [[], 1]);
    });

    it("keeps errors in $Error and $? without writing them under SilentlyContinue", async () => {
      const { lines, error } = await run(
        "Write-Error 'quiet' -ErrorAction SilentlyContinue; $?; $Error.Count; \"$($Error[0])\"",
      );
      assert.deepEqual(lines, ["False", "1", "quiet"]);
      assert.equal(error, "");
    });

    it("tells category and position to a catch block", async () => {
      const { lines } = await run(
        "try { Get-Nothing 1 } catch { $_.CategoryInfo.Category; $_.CategoryInfo.Reason; $_.InvocationInfo.PositionMessage }",
      );
      assert.deepEqual(lines.slice(0, 3), ["ObjectNotFound", "CommandNotFoundException", "At line:1 char:7"]);
    });
  });

  it("ends with the code of exit, and what stood before it is written", async () => {
    const { lines, exitCode } = await run("'before'; exit 12; 'after'");
    assert.deepEqual([lines, exitCode], [["before"], 12]);
  });

  it("knows no command of the machine", async () => {
    for (const command of [
      "ls /",
      "node --version",
      "/bin/true",
      "& '/bin/true'",
      "Get-Process",
      "Invoke-Expression '1'",
      "Start-Process x",
    ]) {
      const { lines, error } = await run(command);
      assert.deepEqual(lines, [], command);
      assert.notEqual(error, "", command);
    }
  });
});
