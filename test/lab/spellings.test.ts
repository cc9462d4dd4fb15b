import assert from "node:assert/strict";
import { displayText } from "../../lab/tsql/conversion";
import type { SqlType, SqlValue } from "../../lab/tsql/values";
import { JOBS, ShippingEstate } from "./log-shipping-estate";
import { run } from "./server-catalog-estate";
import { questions } from "./spellings";

const shown = (value: SqlValue, type: SqlType | undefined): string | null =>
  value === null || type === undefined ? null : displayText(value, type);

describe("a question has one answer, whatever its spelling", () => {
  let estate: ShippingEstate;

  before(async () => {
    estate = new ShippingEstate();
    await estate.seed();
    await estate.primary.run(
      `ALTER TABLE mgc.dbo.tblChat ADD channelId int NOT NULL DEFAULT (2);
       INSERT mgc.dbo.tblChat (content, channelId) VALUES (N'one', 1), (N'two', 2), (N'three', 2)`,
    );
    await estate.register();
    await estate.primary.succeed(JOBS.backup);
  });

  after(() => estate.dispose());

  for (const { about, spellings, answer } of questions) {
    it(`${about}: ${String(spellings.length)} spellings`, async () => {
      let expected = answer;
      for (const spelling of spellings) {
        const session = estate.primary.instance.openInternalSession("DCI\\administrator", "spellings");
        const [set] = (await run(session, spelling)).sets;
        session.close();
        const found = (set?.rows ?? []).map((row) => row.map((value, at) => shown(value, set?.columns[at]?.type)));
        expected ??= found;
        assert.ok(expected.length > 0, spelling);
        assert.deepEqual(found, expected, spelling);
      }
    });
  }
});
