/** Database mirroring with a witness: quorum, and the failover that nobody asks for. */
import assert from "node:assert/strict";
import { ADDRESS, addressOf, ENDPOINT, MIRROR, mirrored, roleAndState, until } from "./mirrored";
import { cite } from "./sources";
import { alterFailed, DEFAULT_SERVER, refuses, type ExpectedError, type Rule, type RuleEstate } from "./support";

const WITNESS = "SQL-W1";
const SET_WITNESS = `ALTER DATABASE mgc SET WITNESS = '${addressOf(WITNESS)}'`;
const NO_QUORUM: ExpectedError = [
  955,
  14,
  /^Database mgc is enabled for Database Mirroring, but the database lacks quorum/,
];
const STATE = "SELECT state_desc FROM sys.databases WHERE name = N'mgc'";
const ROWS = "SELECT COUNT(*) FROM mgc.dbo.t";

/** mgc mirrored and synchronized, with a third instance as witness. */
async function witnessed(estate: RuleEstate): Promise<void> {
  await mirrored(estate);
  await estate.run(ENDPOINT.replace("ROLE = PARTNER", "ROLE = WITNESS"), WITNESS);
  await estate.run(SET_WITNESS);
}

/** Name and state of the witness as a partner sees it. */
async function witnessOf(estate: RuleEstate, on = DEFAULT_SERVER): Promise<readonly (string | null)[]> {
  const [row] = await estate.rows(
    "SELECT mirroring_witness_name, mirroring_witness_state_desc FROM sys.database_mirroring WHERE database_id = DB_ID(N'mgc')",
    on,
  );
  return Object.values(row ?? {});
}

export const witnessRules: readonly Rule[] = [
  {
    number: "B6",
    certainty: "documented",
    source: cite("errors0", "quorum"),
    title: "a principal without quorum: USE and queries are 955, as is a log backup",
    run: async (estate) => {
      await witnessed(estate);
      for (const server of [WITNESS, MIRROR]) await estate.stop(server);
      await estate.refuses("USE mgc", [NO_QUORUM]);
      await estate.refuses(ROWS, [NO_QUORUM]);
      await estate.refuses("BACKUP LOG mgc TO DISK = N'D:\\SQLData\\x.trn'", [NO_QUORUM, [3013, 16]]);
    },
  },
  {
    number: "C24",
    certainty: "documented",
    source: cite("alterMirroring", "quorum"),
    title: "witness lost: the principal serves; mirror lost as well: it disconnects its clients, until one is back",
    run: async (estate) => {
      await witnessed(estate);
      await estate.stop(WITNESS);
      assert.deepEqual(await witnessOf(estate), [addressOf(WITNESS), "DISCONNECTED"]);
      const client = await estate.connect({ database: "mgc" });
      await refuses(client, "INSERT dbo.t VALUES (2)", []);
      await estate.stop(MIRROR);
      await refuses(client, "SELECT 1", [[596, 21]]);
      assert.equal(await estate.value(STATE), "RECOVERING");
      await estate.instance(WITNESS);
      assert.equal(await estate.value(ROWS), "2");
      await estate.instance(MIRROR);
      await until(() => roleAndState(estate), "SYNCHRONIZED");
    },
  },
  {
    number: "C25",
    certainty: "documented",
    source: cite("roleSwitching", "quorum"),
    title:
      "principal lost, synchronized and with a witness: the mirror takes over; without a witness, or suspended, not",
    run: async (estate) => {
      await mirrored(estate);
      await estate.stop();
      assert.deepEqual(await roleAndState(estate, MIRROR), ["MIRROR", "DISCONNECTED"]);
      await estate.instance();
      await until(() => roleAndState(estate), "SYNCHRONIZED");
      await estate.run(ENDPOINT.replace("ROLE = PARTNER", "ROLE = WITNESS"), WITNESS);
      await estate.run(SET_WITNESS);
      await estate.run("ALTER DATABASE mgc SET PARTNER SUSPEND");
      await estate.stop();
      assert.deepEqual(await roleAndState(estate, MIRROR), ["MIRROR", "DISCONNECTED"]);
      await estate.instance();
      await estate.run("ALTER DATABASE mgc SET PARTNER RESUME; INSERT mgc.dbo.t VALUES (2)");
      await until(() => roleAndState(estate), "SYNCHRONIZED");
      await estate.stop();
      assert.deepEqual(await roleAndState(estate, MIRROR), ["PRINCIPAL", "DISCONNECTED"]);
      assert.equal(await estate.value(ROWS, MIRROR), "2");
      await estate.run("INSERT mgc.dbo.t VALUES (3)", MIRROR);
      // The former principal learns of it from the witness while the new one is away.
      await estate.stop(MIRROR);
      await estate.refuses("USE mgc", [NO_QUORUM]);
      await estate.instance(MIRROR);
      await until(() => roleAndState(estate, MIRROR), "SYNCHRONIZED");
      assert.deepEqual(await roleAndState(estate), ["MIRROR", "SYNCHRONIZED"]);
      await estate.run("ALTER DATABASE mgc SET PARTNER FAILOVER", MIRROR);
      assert.equal(await estate.value(ROWS), "3");
    },
  },
  {
    number: "C28",
    certainty: "documented",
    source: cite("alterMirroring", "errors1000", "witnesses"),
    title: "SET WITNESS: on the mirror 1470, not all connected 1426, a partner 1429, an endpoint of partners 1427",
    run: async (estate) => {
      await mirrored(estate);
      await estate.refuses(SET_WITNESS, [[1470, 16], alterFailed], MIRROR);
      await estate.refuses(SET_WITNESS, [[1426, 16], alterFailed]);
      await estate.refuses(SET_WITNESS.replace(addressOf(WITNESS), ADDRESS.mirror), [[1429, 16], alterFailed]);
      await estate.run(ENDPOINT, WITNESS);
      await estate.refuses(SET_WITNESS, [[1427, 16], alterFailed]);
      await estate.run("ALTER ENDPOINT Mirroring FOR DATABASE_MIRRORING (ROLE = ALL)", WITNESS);
      await estate.run(SET_WITNESS);
      for (const server of [DEFAULT_SERVER, MIRROR])
        assert.deepEqual(await witnessOf(estate, server), [addressOf(WITNESS), "CONNECTED"]);
      const roles =
        "SELECT principal_server_name, mirror_server_name, partner_sync_state_desc FROM sys.database_mirroring_witnesses";
      assert.deepEqual(Object.values((await estate.rows(roles, WITNESS))[0] ?? {}), [
        DEFAULT_SERVER,
        MIRROR,
        "SYNCHRONIZED",
      ]);
      await estate.run("ALTER DATABASE mgc SET WITNESS OFF");
      assert.deepEqual(await estate.rows(roles, WITNESS), []);
      await estate.refuses("ALTER DATABASE mgc SET WITNESS OFF", [[1439, 16], alterFailed]);
      await estate.run(SET_WITNESS);
      await estate.run("ALTER DATABASE mgc SET PARTNER OFF");
      assert.deepEqual(await estate.rows(roles, WITNESS), []);
    },
  },
];
