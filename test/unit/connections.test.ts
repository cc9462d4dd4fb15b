import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parseConfiguration } from "../../estate/configuration";
import { closeEstate, Connections, openEstate } from "../../estate/estate";
import { rawConfiguration } from "./support/estate";

interface Site {
  readonly primary: { readonly principal: { readonly host: string } };
  readonly backup: { readonly principal: { readonly host: string } };
  readonly logShipping: object;
}

describe("connections of several pools", () => {
  it("are one per instance, whoever names it, and one shell", async () => {
    const raw = rawConfiguration();
    const [one] = raw.pools as unknown as [Site];
    // Both sites' principals are shared, in another spelling too; the mirrors are the first pool's own.
    const principal = (site: Site["primary"]) => ({ ...site.principal, host: site.principal.host.toUpperCase() });
    const other = {
      ...one,
      name: "pool2",
      fqdn: "plant.dci.discovery.com",
      databases: { chat: "mgc_plant", compliance: false },
      primary: {
        ...one.primary,
        principal: principal(one.primary),
        mirror: undefined,
        activeServers: ["plant-p1.dci.discovery.com"],
      },
      backup: {
        ...one.backup,
        principal: principal(one.backup),
        mirror: undefined,
        activeServers: ["plant-b1.dci.discovery.com"],
      },
      logShipping: {
        ...one.logShipping,
        share: String.raw`\\files.dci.discovery.com\plantlogs`,
        copyFolder: String.raw`D:\PlantCopy`,
      },
    };
    const parsed = parseConfiguration({ ...raw, pools: [one, other], sqlPassword: "of a test" });
    assert.ok(parsed.ok, parsed.ok ? "" : JSON.stringify(parsed.problems));
    const connections = new Connections(parsed.value, { stack: "primary", run: "test" });
    const [first, second] = parsed.value.pools.map((pool) => openEstate(pool, connections));
    assert.ok(first && second);
    assert.equal(second.instances.primary, first.instances.primary);
    assert.equal(second.instances.backup, first.instances.backup);
    assert.equal(second.shell, first.shell);
    assert.deepEqual(Object.keys(second.instances), ["primary", "backup"]);
    assert.equal(new Set([...Object.values(first.instances), ...Object.values(second.instances)]).size, 4);
    // What is shared is closed by each of them.
    await closeEstate(first);
    await closeEstate(second);
  });
});
