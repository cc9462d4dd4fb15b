/**
 * Functions of the language that are neither text, number nor date: ISNULL, checksums, hashes, errors, transactions.
 * Functions that know the server (DB_ID, SUSER_SNAME …) come from the Host.
 */
import { createHash, randomUUID } from "node:crypto";
import { checkConversion, convertValue, valueBytes } from "./conversion";
import { argumentBytes } from "./functions-name";
import {
  textArgument,
  type BoundArgument,
  type BuiltInFunction,
  type CaughtError,
  type FunctionContext,
  type FunctionTable,
} from "./function-binding";
import { BIGINT, INT, SMALLINT, UNIQUEIDENTIFIER, characterType, decimalType, isCharacter } from "./types";
import { Variant, type SqlType, type SqlValue } from "./values";

const isNull: BuiltInFunction = {
  least: 2,
  most: 2,
  nullable: true,
  bind: (args) => {
    const [check, replacement] = args as [BoundArgument, BoundArgument];
    // The result has the type and length of the first argument: a longer replacement is cut.
    const type = check.isNull ? replacement.type : check.type;
    if (!replacement.isNull) checkConversion(replacement.type, type, false);
    return {
      type,
      call: ([value, other]) =>
        value !== null ? (value as SqlValue) : convertValue(other as SqlValue, replacement.type, type),
    };
  },
};

/** Types that are not comparable: BINARY_CHECKSUM ignores them. */
const notComparable: ReadonlySet<string> = new Set(["text", "ntext", "image", "xml"]);
/** Characters of nvarchar(max) that BINARY_CHECKSUM takes (its page); of varchar(max) the same (assumed). */
const countedCharacters = 255;

/** Rotates and xors the bytes of the values; SQL Server's own algorithm is not documented (assumed). */
function checksum(values: readonly SqlValue[], args: readonly BoundArgument[], binary: boolean): number {
  let sum = 0;
  values.forEach((whole, index) => {
    const argument = args[index] as BoundArgument;
    if (binary && notComparable.has(argument.type.name)) return;
    const cut = binary && typeof whole === "string" && argument.type.length === "max";
    const value = cut ? whole.slice(0, countedCharacters) : whole;
    let part = 0x7fffffff;
    if (value !== null) {
      const folded =
        !binary && typeof value === "string" && isCharacter(argument.type) ? argument.collation.key(value) : value;
      const plain = folded instanceof Variant ? folded.value : folded;
      const type = folded instanceof Variant ? folded.type : argument.type;
      if ((type.name === "int" || type.name === "smallint" || type.name === "tinyint") && typeof plain === "number")
        part = plain;
      else {
        part = 0;
        const bytes =
          typeof plain === "string" && binary
            ? argumentBytes(plain.replace(/ +$/, ""), type)
            : valueBytes(plain, type, characterType(true, "max"));
        for (const byte of bytes) part = ((part << 4) | (part >>> 28)) ^ byte;
      }
    }
    sum = ((sum << 4) | (sum >>> 28)) ^ part;
  });
  return sum | 0;
}

function checksumFunction(binary: boolean): BuiltInFunction {
  return {
    least: 1,
    most: 1024,
    nullable: true,
    bind: (args) => ({ type: INT, call: (values) => checksum(values, args, binary) }),
  };
}

const HASHES: Readonly<Record<string, { readonly algorithm: string; readonly since: number }>> = {
  md5: { algorithm: "md5", since: 9 },
  sha: { algorithm: "sha1", since: 9 },
  sha1: { algorithm: "sha1", since: 9 },
  sha2_256: { algorithm: "sha256", since: 11 },
  sha2_512: { algorithm: "sha512", since: 11 },
};

const hashBytes: BuiltInFunction = {
  least: 2,
  most: 2,
  bind: (args, context, name) => {
    const algorithm = textArgument(args[0] as BoundArgument, 1, name);
    const { type } = args[1] as BoundArgument;
    return {
      type: { name: "varbinary", length: 8000 },
      call: ([which, value]) => {
        const hash = HASHES[algorithm(which as SqlValue).toLowerCase()];
        if (hash === undefined || hash.since > context.versionMajor) return null;
        const bytes = argumentBytes(value as SqlValue, type);
        // Before SQL Server 2016 the input ended at 8000 bytes.
        return new Uint8Array(createHash(hash.algorithm).update(bytes.subarray(0, 8000)).digest());
      },
    };
  },
};

function errorFunction(type: SqlType, of: (error: CaughtError) => SqlValue): BuiltInFunction {
  return {
    least: 0,
    most: 0,
    bind: (_args, context) => ({
      type,
      call: () => {
        const caught = context.caught();
        return caught === undefined ? null : of(caught);
      },
    }),
  };
}

function fromContext(type: SqlType, of: (context: FunctionContext) => SqlValue): BuiltInFunction {
  return { least: 0, most: 0, bind: (_args, context) => ({ type, call: () => of(context) }) };
}

/** The base type and what it is made of: BaseType, Precision, Scale, TotalBytes, Collation, MaxLength. */
const variantProperty: BuiltInFunction = {
  least: 2,
  most: 2,
  bind: (args, _context, name) => {
    const { type } = args[0] as BoundArgument;
    const property = textArgument(args[1] as BoundArgument, 2, name);
    const text = (value: string): SqlValue => new Variant(characterType(true, 128), value);
    const number = (value: number | undefined): SqlValue => (value === undefined ? null : new Variant(INT, value));
    return {
      type: { name: "sql_variant" },
      call: ([value, wanted]) => {
        const base = value instanceof Variant ? value.type : type;
        switch (property(wanted as SqlValue).toLowerCase()) {
          case "basetype":
            return text(base.name);
          case "precision":
            return number(base.precision ?? (base.name === "int" ? 10 : base.name === "bigint" ? 19 : 0));
          case "scale":
            return number(base.scale ?? 0);
          case "maxlength":
            return number(
              typeof base.length === "number"
                ? base.length * (base.name.startsWith("n") && isCharacter(base) ? 2 : 1)
                : base.name === "int"
                  ? 4
                  : 8,
            );
          case "collation":
            return isCharacter(base) ? text((args[0] as BoundArgument).collation.name) : null;
          default:
            return null;
        }
      },
    };
  },
};

export const SYSTEM_FUNCTIONS: FunctionTable = {
  ISNULL: isNull,
  CHECKSUM: checksumFunction(false),
  BINARY_CHECKSUM: checksumFunction(true),
  HASHBYTES: hashBytes,
  NEWID: { least: 0, most: 0, bind: () => ({ type: UNIQUEIDENTIFIER, call: () => randomUUID().toUpperCase() }) },
  ERROR_NUMBER: errorFunction(INT, (error) => error.number),
  ERROR_MESSAGE: errorFunction(characterType(true, 4000), (error) => error.message),
  ERROR_SEVERITY: errorFunction(INT, (error) => error.severity),
  ERROR_STATE: errorFunction(INT, (error) => error.state),
  ERROR_LINE: errorFunction(INT, (error) => error.line),
  ERROR_PROCEDURE: errorFunction(characterType(true, 128), (error) =>
    error.procedure === "" ? null : error.procedure,
  ),
  XACT_STATE: fromContext(SMALLINT, (context) => context.transactionState()),
  SCOPE_IDENTITY: fromContext(decimalType(38, 0), (context) => context.scopeIdentity()),
  ROWCOUNT_BIG: fromContext(BIGINT, (context) => context.rowCount()),
  CONTEXT_INFO: fromContext({ name: "varbinary", length: 128 }, (context) => context.contextInfo()),
  SQL_VARIANT_PROPERTY: variantProperty,
};
