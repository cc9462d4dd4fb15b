"use strict";
// Mocha's own spec reporter with one plain line of counts at the end.
const { reporters, Runner } = require("mocha");

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      // After the epilogue of the spec reporter, which listens to the same event.
      setImmediate(() => {
        const { passes, failures, pending } = this.stats;
        console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ""}`);
      });
    });
  }
};
