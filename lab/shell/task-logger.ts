/** The logger of -OutLoggerVariable: "This variable includes a pair of methods - ToHTML and ToXML". */
import type { WireValue } from "../control-protocol";
import { type Method, NativeObject } from "./values";

export class TaskLogger extends NativeObject {
  readonly typeNames = ["Microsoft.Rtc.SyntheticTransactions.Logger", "System.Object"];
  readonly #fields: readonly (readonly [string, string])[];

  /** @param objects what the cmdlet answered */
  constructor(objects: readonly WireValue[]) {
    super();
    this.#fields = objects.flatMap((object) =>
      typeof object === "object" && object !== null && "properties" in object
        ? Object.entries(object.properties).map(([name, value]) => [name, plain(value)] as const)
        : [],
    );
  }

  override method(name: string): Method | undefined {
    switch (name.toLowerCase()) {
      case "tohtml":
        return () =>
          `<html><body><table>${this.#fields
            .map(([key, value]) => `<tr><td>${escape(key)}</td><td>${escape(value)}</td></tr>`)
            .join("")}</table></body></html>`;
      case "toxml":
        return () => `<Log>${this.#fields.map(([key, value]) => `<${key}>${escape(value)}</${key}>`).join("")}</Log>`;
      default:
        return super.method(name);
    }
  }

  override text(): string {
    return this.#fields.map(([key, value]) => `${key}: ${value}`).join("\r\n");
  }
}

function plain(value: WireValue): string {
  if (typeof value !== "object" || value === null) return String(value ?? "");
  if ("enumeration" in value) return value.name;
  return "text" in value ? (value.text ?? "") : JSON.stringify(value);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
