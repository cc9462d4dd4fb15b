/** The functions that the server gives to the language, by name. */
import type { ObjectName, ScalarFunction } from "../../tsql/host";
import type { ServerSession } from "../server-session";
import { databaseFunctions } from "./database-functions";
import { bind, type FunctionDefinition } from "./definition";
import { metadataFunctions } from "./metadata-functions";
import { securityFunctions } from "./security-functions";
import { serverFunctions } from "./server-functions";

const FUNCTIONS = new Map<string, FunctionDefinition>(
  [serverFunctions, metadataFunctions, securityFunctions, databaseFunctions].flatMap((table) => Object.entries(table)),
);

/** A built-in function by its name in any case; user-defined ones (with a schema) come from `Instance.registerFunctions`. */
export function findFunction(name: ObjectName, session: ServerSession): ScalarFunction | undefined {
  if (name.schema !== undefined && name.schema !== "") return session.instance.userFunction(name, session);
  const found = FUNCTIONS.get(name.name.toUpperCase());
  return found === undefined ? undefined : bind(found, session);
}
