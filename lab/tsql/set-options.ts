/** SET of options. Source: "SET statements (Transact-SQL)", sql-docs. */
import type { SetSwitchStatement, SetValueStatement } from "./ast";
import type { DateFormat } from "./calendar-text";
import { SqlError } from "./errors";
import type { ExecutionScope } from "./execution-scope";
import { INT, NVARCHAR_MAX } from "./types";

/** SET name ON | OFF. */
export function setSwitch(statement: SetSwitchStatement, scope: ExecutionScope): void {
  const { settings } = scope.state;
  for (const option of statement.options) {
    switch (option) {
      case "NOCOUNT":
        settings.noCount = statement.on;
        break;
      case "XACT_ABORT":
        settings.xactAbort = statement.on;
        break;
      case "IMPLICIT_TRANSACTIONS":
        settings.implicitTransactions = statement.on;
        break;
      case "ANSI_WARNINGS":
        settings.ansiWarnings = statement.on;
        break;
      case "ARITHABORT":
        settings.arithAbort = statement.on;
        break;
      case "QUOTED_IDENTIFIER":
        settings.quotedIdentifier = statement.on;
        break;
      case "NOEXEC":
        settings.noExec = statement.on;
        break;
      case "PARSEONLY":
        settings.parseOnly = statement.on;
        break;
      case "ANSI_DEFAULTS":
        settings.ansiWarnings = settings.quotedIdentifier = settings.implicitTransactions = statement.on;
        settings.others
          .set("ANSI_NULLS", statement.on)
          .set("ANSI_PADDING", statement.on)
          .set("ANSI_NULL_DFLT_ON", statement.on);
        break;
      default:
        settings.others.set(option, statement.on);
    }
  }
}

/** SET name value. @throws SqlError 2741, 2742, 2743 and conversion errors */
export function setValue(statement: SetValueStatement, scope: ExecutionScope): void {
  const { state } = scope;
  const number = (): number => (scope.evaluateAs(statement.value, INT) as number | null) ?? 0;
  const word = (): string => (scope.evaluateAs(statement.value, NVARCHAR_MAX) as string | null) ?? "";
  switch (statement.option) {
    case "LOCK_TIMEOUT":
      state.lockTimeout = Math.max(-1, number());
      state.host.setOption("LOCK_TIMEOUT", state.lockTimeout);
      break;
    case "ROWCOUNT":
      state.settings.rowCount = Math.max(0, number());
      break;
    case "TEXTSIZE":
      state.textSize = number();
      break;
    case "DATEFIRST": {
      const first = number();
      if (first < 1 || first > 7)
        throw new SqlError(
          2744,
          16,
          `The SET DATEFIRST statement failed because ${String(first)} is out of the range 1 to 7.`,
        );
      state.settings.dateFirst = first;
      break;
    }
    case "DATEFORMAT": {
      const format = word().toLowerCase();
      if (!["mdy", "dmy", "ymd", "ydm", "myd", "dym"].includes(format))
        throw new SqlError(2741, 16, `SET DATEFORMAT date order '${format}' is invalid.`);
      state.settings.dateFormat = format as DateFormat;
      break;
    }
    case "CONTEXT_INFO": {
      const bytes = scope.evaluateAs(statement.value, { name: "varbinary", length: 128 }) as Uint8Array | null;
      if (bytes === null)
        throw new SqlError(2740, 16, "SET CONTEXT_INFO option requires varbinary (128) NOT NULL parameter.");
      // CONTEXT_INFO() shows all 128 bytes, filled with zeros.
      const full = new Uint8Array(128);
      full.set(bytes);
      state.contextInfo = full;
      state.host.setOption("CONTEXT_INFO", full);
      break;
    }
    case "LANGUAGE": {
      const language = word();
      if (!/^(us_english|english)$/i.test(language))
        throw new SqlError(
          2742,
          16,
          `SET LANGUAGE failed because '${language}' is not an official language name or a language alias on this SQL Server.`,
        );
      scope.sink.environment({ kind: "language", from: "us_english", to: "us_english" });
      scope.sink.message({
        number: 5703,
        state: 1,
        class: 0,
        text: "Changed language setting to us_english.",
        procedure: scope.options.procedure,
        line: statement.line,
      });
      state.settings.dateFirst = 7;
      state.settings.dateFormat = "mdy";
      break;
    }
    default:
      state.host.setOption(statement.option, scope.evaluate(statement.value));
  }
}
