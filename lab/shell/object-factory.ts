/** New-Object and [type]::new(…): the few classes that scripts of this product's world create. */
import { enumerate, toText } from "./conversions";
import { ExceptionObject, failure } from "./error-record";
import { scriptingFileSystemObject } from "./scripting-file-system-object";
import type { Session } from "./session";
import { findType } from "./static-types";
import { Credential, CustomObject, GrowableList, Hashtable, SecureString, type Value } from "./values";

/** Makes an object. Throws TypeNotFound, or ConstructorInvokedThrowException's text for wrong arguments. */
export function createObject(typeName: string, args: readonly Value[], session: Session): Value {
  const lower = typeName.toLowerCase().replace(/^system\./, "");
  if (lower === "management.automation.pscredential" || lower === "pscredential") return credential(args);
  if (lower === "security.securestring" || lower === "securestring") return new SecureString("");
  if (lower === "collections.arraylist" || /^collections\.generic\.list\[/.test(lower))
    return list(args[0], lower.includes("generic"));
  if (lower === "collections.hashtable" || lower === "hashtable") return new Hashtable();
  if (["psobject", "object", "pscustomobject", "management.automation.psobject"].includes(lower))
    return new CustomObject();
  if (/exception$/.test(lower)) return new ExceptionObject(fullExceptionName(typeName), toText(args[0] ?? ""));
  if (lower === "text.utf8encoding" || lower === "text.unicodeencoding")
    return findType("System.Text.Encoding").properties?.[lower === "text.utf8encoding" ? "utf8" : "unicode"]?.(session);
  throw failure(
    "TypeNotFound",
    "InvalidType",
    "System.Management.Automation.PSArgumentException",
    `Cannot find type [${typeName}]: verify that the assembly containing this type is loaded.`,
  );
}

/** New-Object -ComObject. */
export function createComObject(progId: string, session: Session): Value {
  if (progId.toLowerCase() === "scripting.filesystemobject" && session.files !== undefined)
    return scriptingFileSystemObject(session.files);
  throw failure(
    "NoCOMClassIdentified",
    "ResourceUnavailable",
    "System.Runtime.InteropServices.COMException",
    `Retrieving the COM class factory for component with CLSID {00000000-0000-0000-0000-000000000000} failed due to the following error: 80040154 Class not registered (Exception from HRESULT: 0x80040154 (REGDB_E_CLASSNOTREG)).`,
  );
}

function fullExceptionName(typeName: string): string {
  return typeName.includes(".") ? typeName : `System.${typeName}`;
}

function list(items: Value, generic: boolean): GrowableList {
  const made = new GrowableList();
  made.generic = generic;
  made.push(...enumerate(items));
  return made;
}

function credential(args: readonly Value[]): Credential {
  const [userName, password] = args;
  if (typeof userName === "string" && userName !== "" && password instanceof SecureString)
    return new Credential(userName, password);
  throw failure(
    "ConstructorInvokedThrowException,Microsoft.PowerShell.Commands.NewObjectCommand",
    "InvalidOperation",
    "System.Management.Automation.MethodInvocationException",
    `Exception calling ".ctor" with "${String(args.length)}" argument(s): "Cannot process argument because the value of argument "${userName === "" || typeof userName !== "string" ? "userName" : "password"}" is not valid. Change the value of the "${userName === "" || typeof userName !== "string" ? "userName" : "password"}" argument and run the operation again."`,
  );
}
