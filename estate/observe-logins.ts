/** The SQL users of the chat database and the logins of an instance: a user travels with a backup, its login does not. */
import { z } from "zod";
import type { ChatUser } from "./observation-types";
import type { SqlServer } from "./sql/connection";
import { quoteName } from "./sql/quote";
import { textColumn as text } from "./sql/rows";

const sidText = (column: string): string => `CONVERT(varchar(172), ${column}, 2)`;
const userRow = z.object({ name: text, login: text.nullable(), sid: text });
const sidRow = z.object({ sid: text });

/**
 * SQL users of a database, with their logins here; dbo and its kin are left out, and users that were made without a login,
 * whose sid is longer than 16 bytes (sp_change_users_login's own rule). Throws DrError when it cannot be read.
 */
export async function readChatUsers(server: SqlServer, database: string): Promise<ChatUser[]> {
  const [rows] = await server.read(
    `SELECT u.name, l.name AS login, ${sidText("u.sid")} AS sid
FROM ${quoteName(database)}.sys.database_principals AS u LEFT JOIN sys.server_principals AS l ON l.sid = u.sid
WHERE u.type = 'S' AND u.principal_id > 4 AND u.sid IS NOT NULL AND DATALENGTH(u.sid) <= 16;`,
    [userRow],
    { doing: `reading the users of ${database}` },
  );
  return rows;
}

/** Sids of the SQL logins, hexadecimal. Throws DrError. */
export async function readLoginSids(server: SqlServer): Promise<string[]> {
  const [rows] = await server.read(
    `SELECT ${sidText("l.sid")} AS sid FROM sys.server_principals AS l WHERE l.type = 'S';`,
    [sidRow],
    { doing: "reading the logins" },
  );
  return rows.map((row) => row.sid);
}
