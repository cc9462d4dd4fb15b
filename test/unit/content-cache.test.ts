import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { contentKey } from "../../estate/content-cache";
import type { DatabaseObservation } from "../../estate/observation-types";
import { database, families, forks } from "./support/estate";

const counter = { bytesWritten: "5000", serverStartTime: "2013-04-01T00:00:00" };
const key = (change: Partial<DatabaseObservation> = {}, writes: typeof counter | null = counter) =>
  contentKey(database("mgc", change), writes);

describe("key of a content that was scanned", () => {
  it("stays while nothing was written", () => {
    assert.equal(key(), key());
    // What moves without a write to the data changes nothing.
    assert.equal(key(), key({ lastLogBackupLsn: "2000", logReuseWait: "LOG_BACKUP", userAccess: "SINGLE_USER" }));
  });

  const changes: readonly Partial<DatabaseObservation>[] = [
    { state: "RESTORING" },
    { isReadOnly: true },
    { recoveryForkGuid: forks.primary },
    { familyGuid: families.rebuilt },
    { createDate: "2013-05-01T00:00:00" },
  ];
  for (const change of changes) {
    it(`is another one for ${JSON.stringify(change)}`, () => assert.notEqual(key(change), key()));
  }

  it("is another one after a write to the log or a restart of the instance", () => {
    assert.notEqual(key({}, { ...counter, bytesWritten: "5512" }), key());
    assert.notEqual(key({}, { ...counter, serverStartTime: "2013-05-01T00:00:00" }), key());
  });

  it("does not exist where the counter or the fork is not known: the content is scanned", () => {
    assert.equal(key({}, null), null);
    assert.equal(key({ recoveryForkGuid: null }), null);
  });
});
