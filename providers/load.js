"use strict";
// What the stored stubs call: loads the handlers' TypeScript in the provider process, which has no loader of its own.
// The name of this file and of its one function stand in every state ever written: both stay as they are.
const { join } = require("node:path");

/** @param {string} kind one of the resource kinds, e.g. "PoolState" */
exports.handler = (kind) => require("tsx/cjs/api").require(join(__dirname, "host.ts"), __filename).handler(kind);
