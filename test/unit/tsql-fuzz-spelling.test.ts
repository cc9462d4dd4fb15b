import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { property, rowsOf } from "./support/fuzz";

/** Statements as words: keywords in capitals, names with a leading ~, everything else as it stands. */
const statements = [
  "SELECT ~n.~x AS ~v , COUNT ( * ) FROM ( VALUES ( 1 ) , ( 2 ) , ( NULL ) ) AS ~n ( ~x ) GROUP BY ~n.~x ORDER BY ~v DESC",
  "WITH ~c ( ~i ) AS ( SELECT 1 UNION ALL SELECT ~i + 1 FROM ~c WHERE ~i < 5 ) SELECT SUM ( ~i ) FROM ~c WHERE ~i IN ( 2 , 3 , 4 )",
  "DECLARE @n int = 3 ; IF @n BETWEEN 1 AND 5 BEGIN SET @n += 1 ; SELECT @n END ELSE SELECT 0",
  "CREATE TABLE #t ( ~id int NOT NULL PRIMARY KEY , ~name nvarchar ( 20 ) NULL ) ; INSERT INTO #t ( ~id , ~name ) VALUES ( 1 , N'it''s' ) ; UPDATE #t SET ~name = ~name + N'/*' WHERE ~id = 1 ; SELECT ~t.~name FROM #t AS ~t",
  "BEGIN TRY SELECT 1 / 0 END TRY BEGIN CATCH SELECT ERROR_NUMBER ( ) , ERROR_MESSAGE ( ) END CATCH",
  "SELECT ~a.~x , ~b.~y FROM ( SELECT 1 AS ~x ) AS ~a LEFT OUTER JOIN ( SELECT 2 AS ~y ) AS ~b ON ~b.~y = ~a.~x + 1 WHERE NOT ~a.~x IS NULL",
  "SELECT TOP ( 2 ) CASE WHEN ~x > 1 THEN 'big' ELSE 'small' END AS ~size FROM ( VALUES ( 1 ) , ( 2 ) , ( 3 ) ) AS ~v ( ~x ) ORDER BY ~x DESC",
  "EXEC sp_executesql N'SELECT @a + @b' , N'@a int, @b int' , @a = 40 , @b = 2",
  "DECLARE @i int = 0 , @s int = 0 ; WHILE @i < 10 BEGIN SET @i = @i + 1 ; IF @i % 2 = 0 CONTINUE ; SET @s = @s + @i END SELECT @s",
] as const;

const separator = fc.constantFrom(" ", "  ", "\n", "\t", "\r\n", " /* ' \" [ */ ", " /* a /* b */ c */ ", " -- ' it\n");

interface Style {
  readonly separators: readonly string[];
  readonly lower: readonly boolean[];
  readonly quotes: readonly ("" | "[" | '"')[];
}

/** For each word a separator, a case and a way of quoting. */
const style = fc.record<Style>({
  separators: fc.array(separator, { minLength: 1, maxLength: 60 }),
  lower: fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
  quotes: fc.array(fc.constantFrom("", "[", '"'), { minLength: 1, maxLength: 60 }),
});

function at<T>(list: readonly T[], index: number, otherwise: T): T {
  return list[index % list.length] ?? otherwise;
}

/** A word as it stands, with its case or the quoting of its names changed. */
function spelt(word: string, index: number, { lower, quotes }: Style): string {
  const small = at(lower, index, false);
  if (word.startsWith("~"))
    return word
      .split(".")
      .map((part, order) => {
        const name = small ? part.slice(1).toUpperCase() : part.slice(1);
        const quote = at(quotes, index + order, "");
        return quote === "" ? name : quote === "[" ? `[${name}]` : `"${name}"`;
      })
      .join(".");
  return /^[A-Z_]+$/.test(word) && small ? word.toLowerCase() : word;
}

describe("T-SQL by chance: spelling", () => {
  property(
    "case, blanks, comments and quotes change nothing",
    fc.tuple(fc.constantFrom(...statements), style),
    async ([statement, way]) => {
      // A literal has its blanks within: it is one word.
      const words = statement.match(/N?'(?:[^']|'')*'|[^\s']+/g) ?? [];
      const plain = await rowsOf(words.map((word) => word.replaceAll("~", "")).join(" "));
      const text = words.map((word, index) => spelt(word, index, way) + at(way.separators, index, " ")).join("");
      deepEqual(await rowsOf(text), plain, text);
    },
  );
});
