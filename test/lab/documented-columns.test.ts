import assert from "node:assert/strict";
import { typeDeclaration } from "../../lab/server/sql-text";
import { documentedResults, headerColumns } from "./documented-columns";
import { JOBS, ShippingEstate } from "./log-shipping-estate";
import { Estate, run, connect } from "./server-catalog-estate";
import type { Session } from "../../lab/tds/backend";

/** The columns of the first result set as the data has them. Names are compared without case: pages differ from servers in it. */
async function columnsOf(session: Session, query: string): Promise<string[]> {
  const { sets } = await run(session, query);
  return (sets[0]?.columns ?? []).map((column) => `${column.name} ${typeDeclaration(column.type)}`.toLowerCase());
}

const listed = (columns: string): string[] => columns.toLowerCase().split(/,\s+/);

describe("results have the documented columns and types", () => {
  let estate: ShippingEstate;
  const sessions: Partial<Record<"primary" | "secondary", Session>> = {};

  before(async () => {
    estate = new ShippingEstate();
    await estate.seed();
    await estate.register();
    await estate.primary.succeed(JOBS.backup);
    await estate.primary.run(String.raw`BACKUP DATABASE mgc TO DISK = N'D:\mgc.bak' WITH COPY_ONLY, INIT`);
    for (const on of ["primary", "secondary"] as const)
      sessions[on] = estate[on].instance.openInternalSession("DCI\\administrator", "test");
  });

  after(() => estate.dispose());

  for (const { page, on, query, columns, exact } of documentedResults) {
    it(page, async () => {
      const session = sessions[on];
      assert.ok(session);
      const found = await columnsOf(session, query);
      const expected = listed(columns);
      assert.deepEqual(exact ? found : expected.filter((column) => found.includes(column)), expected);
    });
  }
});

describe("RESTORE HEADERONLY has the columns of its version", () => {
  let estate: Estate;

  before(() => {
    estate = new Estate();
  });
  after(() => estate.close());

  for (const [version, columns] of Object.entries(headerColumns)) {
    it(version, async () => {
      const number = version === "2012" ? { major: 11, minor: 0, build: 7001 } : { major: 10, minor: 50, build: 6000 };
      const session = await connect(await estate.start(`SQL-${String(number.major)}`, { version: number }));
      await run(session, String.raw`CREATE DATABASE mgc; BACKUP DATABASE mgc TO DISK = N'D:\mgc.bak'`);
      assert.deepEqual(
        await columnsOf(session, String.raw`RESTORE HEADERONLY FROM DISK = N'D:\mgc.bak'`),
        listed(columns),
      );
    });
  }
});
