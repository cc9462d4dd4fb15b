/** GRANT, DENY, REVOKE and ALTER AUTHORIZATION. Source: the pages of these names under t-sql/statements. */
import type { AlterAuthorizationStatement, PermissionStatement } from "../ast";
import type { Cursor } from "./cursor";
import { parseColumnNames, parseObjectName } from "./names";

/** Behind GRANT, DENY or REVOKE. Which permissions exist is the server's knowledge. */
export function parsePermission(
  cursor: Cursor,
  line: number,
  action: PermissionStatement["action"],
): PermissionStatement {
  const optionOnly = action === "REVOKE" && cursor.accept("GRANT", "OPTION", "FOR");
  const permissions = cursor.list(() => parsePermissionName(cursor));
  const securable = cursor.accept("ON") ? { securable: parseSecurable(cursor) } : {};
  if (action !== "REVOKE" || !cursor.accept("FROM")) cursor.expect("TO");
  const principals = cursor.list(() => parsePrincipal(cursor));
  const cascade = action !== "GRANT" && cursor.accept("CASCADE");
  const grantOption = optionOnly || (action === "GRANT" && cursor.accept("WITH", "GRANT", "OPTION"));
  const grantor = cursor.accept("AS") ? { grantor: parsePrincipal(cursor) } : {};
  return { kind: "permission", line, action, permissions, ...securable, principals, grantOption, cascade, ...grantor };
}

function parsePrincipal(cursor: Cursor): string {
  return cursor.accept("PUBLIC") ? "public" : cursor.identifier();
}

/** Words up to ON, TO, FROM, a comma or a list of columns. */
function parsePermissionName(cursor: Cursor): PermissionStatement["permissions"][number] {
  const words: string[] = [];
  while (cursor.token.type === "word" && !cursor.isOneOf(["ON", "TO", "FROM"])) words.push(cursor.next().word);
  if (words.length === 0) throw cursor.unexpected();
  if (words[0] === "ALL" && words[1] === "PRIVILEGES") words.pop();
  return { name: words.join(" "), columns: cursor.is("(") ? parseColumnNames(cursor) : [] };
}

/** `class :: name`, or the name of an object. Classes have up to three words. */
function parseSecurable(cursor: Cursor): NonNullable<PermissionStatement["securable"]> {
  for (let count = 1; count <= 3; count++) {
    if (cursor.peek(count).word !== "::") continue;
    const words = Array.from({ length: count }, () => cursor.next().text.toUpperCase());
    cursor.expect("::");
    return { class: words.join(" "), name: parseObjectName(cursor) };
  }
  return { class: "OBJECT", name: parseObjectName(cursor) };
}

/** Behind ALTER AUTHORIZATION. */
export function parseAlterAuthorization(cursor: Cursor, line: number): AlterAuthorizationStatement {
  cursor.expect("ON");
  const securable = parseSecurable(cursor);
  cursor.expect("TO");
  const principal = cursor.accept("SCHEMA", "OWNER") ? {} : { principal: parsePrincipal(cursor) };
  return { kind: "alterAuthorization", line, ...securable, ...principal };
}
