/**
 * Errors that the language raises, each with SQL Server's number, severity and text.
 * Source: sql-docs, "Database engine events and errors" 0-999, 1000-1999, 3000-3999, 4000-4999, 8000-8999.
 */
import { SqlError } from "./errors";
import type { SqlType } from "./values";
import { typeText } from "./types";

/** An error found while a statement is bound: no TRY of the same scope sees it, and the batch ends. */
export class BindError extends SqlError {
  constructor(number: number, severity: number, text: string, state = 1) {
    super(number, severity, text, { state, endsBatch: true });
  }
}

/** decimal and numeric are one type to conversion errors, which say `numeric`. */
function conversionName(type: SqlType): string {
  return type.name === "decimal" ? "numeric" : type.name;
}

const error = (number: number, severity: number, text: string): SqlError => new SqlError(number, severity, text);
const bind = (number: number, severity: number, text: string): BindError => new BindError(number, severity, text);
const ending = (number: number, severity: number, text: string): SqlError =>
  new SqlError(number, severity, text, { endsBatch: true });

/** Errors while a statement is bound. */
export const bindErrors = {
  syntaxNear: (near: string) => bind(102, 15, `Incorrect syntax near '${near}'.`),
  nonBoolean: (near: string) =>
    bind(
      4145,
      15,
      `An expression of non-boolean type specified in a context where a condition is expected, near '${near}'.`,
    ),
  functionArguments: (name: string, count: string) =>
    bind(174, 15, `The ${name} function requires ${count} argument(s).`),
  functionArgumentRange: (name: string, least: number, most: number) =>
    bind(189, 15, `The ${name} function requires ${String(least)} to ${String(most)} arguments.`),
  unknownFunction: (name: string) => bind(195, 15, `'${name}' is not a recognized built-in function name.`),
  unknownObjectFunction: (name: string) =>
    bind(
      4121,
      16,
      `Cannot find either column "${name.split(".")[0] ?? name}" or the user-defined function or aggregate "${name}", or the name is ambiguous.`,
    ),
  invalidObject: (name: string) => bind(208, 16, `Invalid object name '${name}'.`),
  invalidColumn: (name: string) => bind(207, 16, `Invalid column name '${name}'.`),
  ambiguousColumn: (name: string) => bind(209, 16, `Ambiguous column name '${name}'.`),
  multiPart: (name: string) => bind(4104, 16, `The multi-part identifier "${name}" could not be bound.`),
  prefixUnknown: (name: string) =>
    bind(107, 15, `The column prefix '${name}' does not match with a table name or alias name used in the query.`),
  sameExposedName: (name: string) =>
    bind(1011, 16, `The correlation name '${name}' is specified multiple times in a FROM clause.`),
  notGrouped: (name: string, clause: string) =>
    clause === "select list"
      ? bind(
          8120,
          16,
          `Column '${name}' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.`,
        )
      : clause === "HAVING clause"
        ? bind(
            8121,
            16,
            `Column '${name}' is invalid in the HAVING clause because it is not contained in either an aggregate function or the GROUP BY clause.`,
          )
        : bind(
            8127,
            16,
            `Column "${name}" is invalid in the ORDER BY clause because it is not contained in either an aggregate function or the GROUP BY clause.`,
          ),
  aggregateInWhere: () =>
    bind(
      147,
      15,
      "An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a select list, and the column being aggregated is an outer reference.",
    ),
  aggregateNested: () =>
    bind(130, 15, "Cannot perform an aggregate function on an expression containing an aggregate or a subquery."),
  windowPlace: () => bind(4108, 15, "Windowed functions can only appear in the SELECT or ORDER BY clauses."),
  windowNeedsOrder: (name: string) =>
    bind(4112, 16, `The ranking function "${name}" must have an OVER clause with ORDER BY.`),
  notFunctionWithOver: (name: string) => bind(10753, 15, `The function '${name}' must have an OVER clause.`),
  orderByPosition: (position: number) =>
    bind(
      108,
      15,
      `The ORDER BY position number ${String(position)} is out of range of the number of items in the select list.`,
    ),
  orderByConstant: (position: number) =>
    bind(408, 16, `A constant expression was encountered in the ORDER BY list, position ${String(position)}.`),
  orderByDistinct: () =>
    bind(145, 15, "ORDER BY items must appear in the select list if SELECT DISTINCT is specified."),
  orderByUnion: () =>
    bind(
      104,
      16,
      "ORDER BY items must appear in the select list if the statement contains a UNION, INTERSECT or EXCEPT operator.",
    ),
  orderBySubquery: () =>
    bind(
      1033,
      15,
      "The ORDER BY clause is invalid in views, inline functions, derived tables, subqueries, and common table expressions, unless TOP, OFFSET or FOR XML is also specified.",
    ),
  setOperationColumns: () =>
    bind(
      205,
      16,
      "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in their target lists.",
    ),
  oneExpression: () =>
    bind(
      116,
      16,
      "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.",
    ),
  noColumnName: (position: number, table: string) =>
    bind(8155, 16, `No column name was specified for column ${String(position)} of '${table}'.`),
  duplicateColumnName: (column: string, table: string) =>
    bind(8156, 16, `The column '${column}' was specified multiple times for '${table}'.`),
  moreColumnNames: (table: string) =>
    bind(8158, 16, `'${table}' has more columns than were specified in the column list.`),
  fewerColumnNames: (table: string) =>
    bind(8159, 16, `'${table}' has fewer columns than were specified in the column list.`),
  intoUnnamed: () =>
    bind(
      1038,
      15,
      'An object or column name is missing or empty. For SELECT INTO statements, verify each column has a name. For other statements, look for empty alias names. Aliases defined as "" or [] are not allowed. Change the alias to a valid name.',
    ),
  mixedAssignment: () =>
    bind(
      141,
      15,
      "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.",
    ),
  mustDeclareScalar: (name: string) => bind(137, 15, `Must declare the scalar variable "${name}".`),
  mustDeclareTable: (name: string) => bind(1087, 15, `Must declare the table variable "${name}".`),
  alreadyDeclared: (name: string) =>
    bind(
      134,
      15,
      `The variable name '${name}' has already been declared. Variable names must be unique within a query batch or stored procedure.`,
    ),
  operandClash: (from: SqlType, to: SqlType) =>
    bind(206, 16, `Operand type clash: ${typeText(from)} is incompatible with ${typeText(to)}`),
  implicitNotAllowed: (from: SqlType, to: SqlType) =>
    bind(
      257,
      16,
      `Implicit conversion from data type ${typeText(from)} to ${typeText(to)} is not allowed. Use the CONVERT function to run this query.`,
    ),
  explicitNotAllowed: (from: SqlType, to: SqlType) =>
    bind(529, 16, `Explicit conversion from data type ${typeText(from)} to ${typeText(to)} is not allowed.`),
  incompatible: (left: SqlType, right: SqlType, operator: string) =>
    bind(
      402,
      16,
      `The data types ${typeText(left)} and ${typeText(right)} are incompatible in the ${operator} operator.`,
    ),
  operandInvalid: (type: SqlType, operator: string) =>
    bind(8117, 16, `Operand data type ${typeText(type)} is invalid for ${operator} operator.`),
  argumentInvalid: (type: SqlType, position: number, name: string) =>
    bind(
      8116,
      16,
      `Argument data type ${typeText(type)} is invalid for argument ${String(position)} of ${name} function.`,
    ),
  styleInvalid: (style: number, from: SqlType, to: SqlType) =>
    error(
      281,
      16,
      `${String(style)} is not a valid style number when converting from ${from.name} to a character string.`.replace(
        "a character string",
        to.name === "varchar" || to.name === "nvarchar" || to.name === "char" || to.name === "nchar"
          ? "a character string"
          : to.name,
      ),
    ),
  caseAllNull: () =>
    bind(
      8133,
      16,
      "At least one of the result expressions in a CASE specification must be an expression other than the NULL constant.",
    ),
  coalesceAllNull: () =>
    bind(4127, 16, "At least one of the arguments to COALESCE must be an expression that is not the NULL constant."),
  nullifFirst: () =>
    bind(
      4151,
      16,
      "The type of the first argument to NULLIF cannot be the NULL constant because the type of the first argument has to be known.",
    ),
  datePart: (part: string, name: string) => bind(155, 15, `'${part}' is not a recognized ${name} option.`),
  datePartType: (part: string, name: string, type: SqlType) =>
    bind(9810, 16, `The datepart ${part} is not supported by date function ${name} for data type ${type.name}.`),
  notUpdatable: (name: string) =>
    bind(
      4406,
      16,
      `Update or insert of view or function '${name}' failed because it contains a derived or constant field.`,
    ),
  valuesFewer: () =>
    bind(
      110,
      15,
      "There are fewer columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.",
    ),
  valuesMore: () =>
    bind(
      109,
      15,
      "There are more columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement.",
    ),
  selectFewer: () =>
    bind(
      120,
      15,
      "The select list for the INSERT statement contains fewer items than the insert list. The number of SELECT values must match the number of INSERT columns.",
    ),
  selectMore: () =>
    bind(
      121,
      15,
      "The select list for the INSERT statement contains more items than the insert list. The number of SELECT values must match the number of INSERT columns.",
    ),
  insertColumnCount: () => bind(213, 16, "Column name or number of supplied values does not match table definition."),
  columnTwice: (name: string) =>
    bind(
      264,
      16,
      `The column name '${name}' is specified more than once in the SET clause or column list of an INSERT. A column cannot be assigned more than one value in the same clause. Modify the clause to make sure that a column is updated only once. If this statement updates or inserts columns into a view, column aliasing can conceal the duplication in your code.`,
    ),
  identityUpdate: (name: string) => bind(8102, 16, `Cannot update identity column '${name}'.`),
  valuesRowLengths: () =>
    bind(10709, 16, "The number of columns for each row in a table value constructor must be the same."),
  gotoLabel: (name: string) =>
    bind(133, 15, `A GOTO statement references the label '${name}' but the label has not been declared.`),
  breakOutside: () => bind(135, 15, "Cannot use a BREAK statement outside the scope of a WHILE statement."),
  continueOutside: () => bind(136, 15, "Cannot use a CONTINUE statement outside the scope of a WHILE statement."),
  collationUnknown: (name: string) => bind(448, 16, `Invalid collation '${name}'.`),
  collationConflict: (left: string, right: string, operation: string) =>
    bind(
      468,
      16,
      `Cannot resolve the collation conflict between "${left}" and "${right}" in the ${operation} operation.`,
    ),
  setOptionUnknown: (name: string) => bind(195, 15, `'${name}' is not a recognized SET option.`),
  positionalAfterNamed: (position: number) =>
    bind(
      119,
      15,
      `Must pass parameter number ${String(position)} and subsequent parameters as '@name = value'. After the form '@name = value' has been used, all subsequent parameters must be passed in the form '@name = value'.`,
    ),
  notSupported: (what: string) =>
    bind(40517, 16, `Keyword or statement option '${what}' is not supported in this version of SQL Server.`),
} as const;

/** Errors while a statement runs. */
export const runErrors = {
  conversionFailed: (from: SqlType, value: string, to: SqlType) =>
    ending(
      245,
      16,
      `Conversion failed when converting the ${conversionName(from)} value '${value}' to data type ${conversionName(to)}.`,
    ),
  convertingType: (from: SqlType, to: SqlType) =>
    ending(8114, 16, `Error converting data type ${conversionName(from)} to ${conversionName(to)}.`),
  dateConversion: () => ending(241, 16, "Conversion failed when converting date and/or time from character string."),
  dateRange: (from: SqlType, to: SqlType) =>
    ending(
      242,
      16,
      `The conversion of a ${from.name} data type to a ${to.name} data type resulted in an out-of-range value.`,
    ),
  guidConversion: () =>
    ending(8169, 16, "Conversion failed when converting from a character string to uniqueidentifier."),
  guidSpace: () => error(8170, 16, "Insufficient result space to convert uniqueidentifier value to char."),
  moneySyntax: () => ending(235, 16, "Cannot convert a char value to money. The char value has incorrect syntax."),
  textOverflowInt: (from: SqlType, value: string) =>
    ending(248, 16, `The conversion of the ${from.name} value '${value}' overflowed an int column.`),
  textOverflowSmall: (from: SqlType, value: string, width: string) =>
    ending(
      244,
      16,
      `The conversion of the ${from.name} value '${value}' overflowed an ${width} column. Use a larger integer column.`,
    ),
  smallOverflow: (to: SqlType, value: string) =>
    error(220, 16, `Arithmetic overflow error for data type ${to.name}, value = ${value}.`),
  typeOverflow: (to: SqlType, value: string) =>
    error(232, 16, `Arithmetic overflow error for type ${to.name}, value = ${value}.`),
  expressionOverflow: (to: SqlType) =>
    error(8115, 16, `Arithmetic overflow error converting expression to data type ${conversionName(to)}.`),
  overflow: (from: SqlType, to: SqlType) =>
    error(8115, 16, `Arithmetic overflow error converting ${conversionName(from)} to data type ${conversionName(to)}.`),
  divideByZero: () => error(8134, 16, "Divide by zero error encountered."),
  domain: () => error(3623, 16, "An invalid floating point operation occurred."),
  truncated: () => error(8152, 16, "String or binary data would be truncated."),
  subqueryMany: () =>
    error(
      512,
      16,
      "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or when the subquery is used as an expression.",
    ),
  invalidLength: (name: string) => error(537, 16, `Invalid length parameter passed to the ${name} function.`),
  dateAdd: (type: SqlType) => error(517, 16, `Adding a value to a '${type.name}' column caused an overflow.`),
  dateDiff: () =>
    error(
      535,
      16,
      "The datediff function resulted in an overflow. The number of dateparts separating two date/time instances is too large. Try to use datediff with a less precise datepart.",
    ),
  topNegative: () => error(1014, 15, "A TOP or FETCH clause contains an invalid value."),
  topInvalid: () =>
    error(1060, 15, "The number of rows provided for a TOP or FETCH clauses row count parameter must be an integer."),
  offsetNegative: () => error(10742, 15, "The offset specified in a OFFSET clause may not be negative."),
  fetchPositive: () => error(10744, 15, "The number of rows provided for a FETCH clause must be greater then zero."),
  nullNotAllowed: (column: string, table: string, operation: string) =>
    error(
      515,
      16,
      `Cannot insert the value NULL into column '${column}', table '${table}'; column does not allow nulls. ${operation} fails.`,
    ),
  duplicateKey: (constraint: string, object: string, key: string) =>
    error(
      2627,
      14,
      `Violation of PRIMARY KEY constraint '${constraint}'. Cannot insert duplicate key in object '${object}'. The duplicate key value is (${key}).`,
    ),
  identityInsertOff: (table: string) =>
    error(
      544,
      16,
      `Cannot insert explicit value for identity column in table '${table}' when IDENTITY_INSERT is set to OFF.`,
    ),
  recursionLimit: (limit: number) =>
    error(
      530,
      16,
      `The statement terminated. The maximum recursion ${String(limit)} has been exhausted before statement completion.`,
    ),
  nestingLevel: () =>
    ending(217, 16, "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32)."),
  invalidStyle: (style: number, from: SqlType, to: string) =>
    error(281, 16, `${String(style)} is not a valid style number when converting from ${from.name} to ${to}.`),
  commitWithoutBegin: () => error(3902, 16, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."),
  rollbackWithoutBegin: () =>
    error(3903, 16, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."),
  rollbackName: (name: string) =>
    error(6401, 16, `Cannot roll back ${name}. No transaction or savepoint of that name was found.`),
  saveWithoutBegin: () => error(628, 16, "Cannot issue SAVE TRANSACTION when there is no active transaction."),
  transactionCountMismatch: (before: number, after: number) =>
    error(
      266,
      16,
      `Transaction count after EXECUTE indicates a mismatching number of BEGIN and COMMIT statements. Previous count = ${String(before)}, current count = ${String(after)}.`,
    ),
  doomed: () =>
    error(
      3930,
      16,
      "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.",
    ),
  doomedAtEnd: () =>
    ending(3998, 16, "Uncommittable transaction is detected at the end of the batch. The transaction is rolled back."),
  unknownProcedure: (name: string) => error(2812, 16, `Could not find stored procedure '${name}'.`),
  parameterMissing: (procedure: string, parameter: string) =>
    error(201, 16, `Procedure or function '${procedure}' expects parameter '${parameter}', which was not supplied.`),
  tooManyArguments: (procedure: string) =>
    error(8144, 16, `Procedure or function ${procedure} has too many arguments specified.`),
  notAParameter: (parameter: string, procedure: string) =>
    error(8145, 16, `${parameter} is not a parameter for procedure ${procedure}.`),
  parameterTwice: (parameter: string) => error(8143, 16, `Parameter '${parameter}' was supplied multiple times.`),
  notOutput: (parameter: string) =>
    error(
      8162,
      16,
      `The formal parameter "${parameter}" was not declared as an OUTPUT parameter, but the actual parameter passed in requested output.`,
    ),
  parameterizedMissing: (query: string, parameter: string) =>
    error(8178, 16, `The parameterized query '${query}' expects the parameter '${parameter}', which was not supplied.`),
  procedureExpects: (parameter: string, type: string) =>
    error(214, 16, `Procedure expects parameter '${parameter}' of type '${type}'.`),
  preparedHandle: (handle: string) => error(8179, 16, `Could not find prepared statement with handle ${handle}.`),
  raiseSeverity: () =>
    error(
      2754,
      16,
      "Error severity levels greater than 18 can only be specified by members of the sysadmin role, using the WITH LOG option.",
    ),
  raiseNumber: (number: number) =>
    error(
      2732,
      16,
      `Error number ${String(number)} is invalid. The number must be from 13000 through 2147483647 and it cannot be 50000.`,
    ),
  raiseUnknown: (number: number) =>
    error(
      18054,
      16,
      `Error ${String(number)}, severity 16, state 1 was raised, but no message with that error number was found in sys.messages. If error is larger than 50000, make sure the user-defined message is added using sp_addmessage.`,
    ),
  raiseParameter: (position: number) =>
    error(
      2786,
      16,
      `The data type of substitution parameter ${String(position)} does not match the expected type of the format specification.`,
    ),
  raiseFormat: (rest: string) => error(2787, 16, `Invalid format specification: '${rest}'.`),
  waitForTime: (value: string) => ending(148, 15, `Incorrect time syntax in time string '${value}' used with WAITFOR.`),
  waitForType: (type: SqlType) => ending(149, 15, `Time value of type ${type.name} cannot be used with WAITFOR.`),
  objectExists: (name: string) => error(2714, 16, `There is already an object named '${name}' in the database.`),
  dropMissing: (kind: string, name: string) =>
    error(3701, 11, `Cannot drop the ${kind} '${name}', because it does not exist or you do not have permission.`),
  aborted: () => ending(3617, 10, "Operation cancelled by user."),
} as const;
