/**
 * What comes back from an instance, checked column by column: an estate's data is hostile, and a driver's idea of a type may
 * differ from ours. Schemas for the few kinds of columns that the product reads, and the check of a whole answer.
 */
import { z } from "zod";
import { DrError } from "../errors";
import { printable } from "../printable";

/** nvarchar of any length up to 8,000; longer answers are refused. */
export const textColumn = z.string().max(8000);
/** numeric(25,0) that our SQL converted to varchar(25): it would arrive as a float otherwise. */
export const lsnColumn = z.string().regex(/^\d{1,25}$/);
/** decimal(38,0) or bigint as text. */
export const digitsColumn = z.union([z.string().regex(/^-?\d{1,38}$/), z.int().transform(String)]);
/** uniqueidentifier, upper case. */
export const guidColumn = z
  .string()
  .regex(/^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/)
  .transform((guid) => guid.toUpperCase());
/** A datetime that our SQL converted with style 126: ISO 8601 without a zone, as the server's clock says it. */
export const momentColumn = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?$/);
/** A whole number; bigint arrives as text. Refused beyond 2^53. */
export const wholeColumn = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d{1,16}$/)
    .transform(Number)
    .refine(Number.isSafeInteger),
]);
/** bit, or an int that is 0 or 1. */
export const flagColumn = z.union([z.boolean(), z.literal([0, 1]).transform((bit) => bit === 1)]);

/** Schemas of the result sets of a batch, in their order. */
export type RowSchemas = readonly z.ZodType[];
/** Rows per result set, typed by `Schemas`. */
export type Rows<Schemas extends RowSchemas> = { -readonly [Index in keyof Schemas]: z.output<Schemas[Index]>[] };

/**
 * Checks result sets against their schemas. Throws UNEXPECTED_ANSWER naming set, row and column; values are not shown.
 */
export function checkRows<const Schemas extends RowSchemas>(
  recordsets: readonly (readonly unknown[])[],
  schemas: Schemas,
  where: string,
  doing: string,
): Rows<Schemas> {
  if (recordsets.length !== schemas.length) {
    throw unexpected(where, doing, `${schemas.length} result sets`, `${recordsets.length}`);
  }
  const sets = schemas.map((schema, index) => {
    const parsed = z.array(schema).safeParse(recordsets[index]);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const path = printable(issue?.path.map(String).join(".") ?? "", 200);
    throw unexpected(
      where,
      doing,
      `result set ${index + 1} as asked for`,
      `${path}: ${printable(issue?.message ?? "", 300)}`,
    );
  });
  return sets as Rows<Schemas>;
}

function unexpected(where: string, doing: string, expected: string, found: string): DrError {
  return new DrError({
    code: "UNEXPECTED_ANSWER",
    summary: `${doing}: the answer is not what SQL Server documents`,
    where,
    expected,
    found,
    hint: "Check that this is SQL Server 2008 R2, 2012 or 2014 and not another product or a proxy.",
  });
}
