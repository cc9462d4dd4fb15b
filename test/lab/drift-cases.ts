/**
 * Every property of every resource of the stack `primary`: how somebody changes it behind the product's back, what drift
 * names, and who mends it. Data for drift-table.test.ts.
 */
import {
  type DriftCase,
  type ExpectedRow,
  fault,
  list,
  madeMirror,
  on,
  poolState,
  row,
  servers,
  setList,
} from "./drift-case";
import { anew, oldFilesMoved, secondaryAdded, secondaryRemoved, shippingCases } from "./drift-cases-shipping";

const P = "SQL-P1";
const B = "SQL-B1";
/** Log shipping's backup job rests meanwhile: its next log backup would be a link that the mirror lacks. */
const restingJob = [`${P}: EXEC sp_update_job`];

const serviceCases: readonly DriftCase[] = [
  {
    what: "a server of the site is taken off the list",
    about: ["F6 activeServers"],
    deeds: [list(servers("p", 1, 2, 3))],
    rows: [row("F6", "activeServers", servers("p", 1, 2, 3), "service")],
    up: setList,
  },
  {
    what: "the list is cleared",
    about: ["F6 activeServers"],
    deeds: [list([])],
    rows: [row("F6", "activeServers", [], "service")],
    up: null,
    refused: { says: /this run is unattended and would change which site is active \(F6\)/, attended: setList },
  },
  {
    what: "servers of the other site are on the list",
    about: ["F6 activeServers"],
    deeds: [list(servers("b", 1, 2))],
    rows: [row("F6", "activeServers", servers("b", 1, 2), "service")],
    up: null,
    // Remove comes before Add.
    refused: {
      says: /this run is unattended and would change which site is active \(F6\)/,
      attended: [...setList, ...setList],
    },
  },
  {
    what: "the pool is set to FailedOver, and nothing else was done",
    about: ["F7 poolState"],
    deeds: [poolState("FailedOver")],
    rows: [row("F7", "poolState", "FailedOver", "service")],
    up: null,
    refused: {
      says: /this run is unattended and would change which site is active \(F7\)/,
      attended: ["shell: Set-CsPersistentChatState"],
    },
  },
];

/** Mirrors are F8's: resumed, or made anew. */
const mirrorCases: readonly DriftCase[] = [
  ...(["chat", "compliance"] as const).map((which): DriftCase => ({
    what: `mirroring of ${which} is suspended`,
    about: [`F8-${which} session`],
    deeds: [on(P, `ALTER DATABASE ${which === "chat" ? "mgc" : "mgccomp"} SET PARTNER SUSPEND;`)],
    rows: [row(`F8-${which}`, "session", "suspended", "protection")],
    up: [`${P}: ALTER DATABASE`],
  })),
  {
    what: "the compliance database's mirror is taken off",
    about: ["F8-compliance partner", "F8-compliance session"],
    deeds: [on(P, "ALTER DATABASE mgccomp SET PARTNER OFF;")],
    rows: [
      row("F8-compliance", "partner", "none", "protection"),
      row("F8-compliance", "session", "none", "protection"),
    ],
    up: madeMirror(P, "SQL-P2"),
  },
  {
    what: "a copy is left over on the backup's mirror",
    about: ["F8-leftovers leftovers"],
    deeds: [
      on(
        P,
        String.raw`BACKUP DATABASE mgc TO DISK = N'\\files.dci.discovery.com\lslogs\mirror\former.bak' WITH COPY_ONLY, FORMAT;`,
      ),
      on(
        "SQL-B2",
        String.raw`RESTORE DATABASE mgc FROM DISK = N'\\files.dci.discovery.com\lslogs\mirror\former.bak' WITH NORECOVERY;`,
      ),
    ],
    rows: [row("F8-leftovers", "leftovers", ["mgc"], "cosmetic")],
    up: ["SQL-B2: DROP DATABASE"],
  },
];

/** What no step mends. */
const personCases: readonly DriftCase[] = [
  ...([P, B] as const).map((name): DriftCase => ({
    what: `SQL Server Agent of ${name} is stopped`,
    about: [],
    deeds: [fault("agent-stop", name)],
    rows: [{ ...row("F0", `SQL Server Agent of ${name}`, "Stopped", "protection"), desired: "Running" }],
    up: null,
    byHand: [fault("agent-start", name)],
  })),
  {
    what: "the mirror's host goes down",
    about: [],
    deeds: [fault("instance-stop", "SQL-P2")],
    rows: ["mgc", "mgccomp"].map((name) => ({
      ...row("F0", `session of ${name} on SQL-P1`, "DISCONNECTED", "protection"),
      desired: "running",
    })),
    up: null,
    byHand: [fault("instance-start", "SQL-P2")],
  },
  {
    what: "no chat server runs",
    about: ["F7b service"],
    deeds: [{ chat: "stop" }],
    rows: [row("F7b", "service", "not running", "service")],
    up: null,
    refused: { says: /F7b: the chat did not come back within 2 s/, attended: null },
    byHand: [{ chat: "start" }],
  },
  {
    what: "the primary's database is closed, and its mirror gone",
    about: ["F4 state", "F8-chat partner"],
    // A mirrored database cannot be made read-only (1468).
    deeds: [
      on(P, "ALTER DATABASE mgc SET PARTNER OFF;"),
      on(P, "ALTER DATABASE mgc SET READ_ONLY, RESTRICTED_USER WITH ROLLBACK IMMEDIATE;"),
    ],
    rows: [
      row("F0", "state", "ONLINE, read-only, RESTRICTED_USER", "service"),
      row("F8-chat", "partner", "none", "protection"),
      row("F8-chat", "session", "none", "protection"),
    ],
    up: null,
    refused: {
      says: /mgc on SQL-P1 is ONLINE, read-only, RESTRICTED_USER: chat servers cannot write to it/,
      attended: null,
    },
    byHand: [on(P, "ALTER DATABASE mgc SET READ_WRITE, MULTI_USER WITH ROLLBACK IMMEDIATE;")],
    then: [...restingJob, ...madeMirror(P, "SQL-P2"), ...restingJob],
  },
];

/** Cases after which the estate is another one: the last of a lab, each with a lab's end behind it. */
export const lastCases: readonly DriftCase[] = [
  {
    what: "the secondary's copy is dropped",
    about: [],
    deeds: [on(B, "DROP DATABASE mgc;")],
    rows: [
      {
        ...row("F5", "secondary.copy", "SQL-B1 has no mgc", "protection"),
        desired: "follows SQL-P1",
      },
    ],
    up: null,
    refused: {
      says: /this run is unattended and would overwrite the copy on SQL-B1 \(F5\)/,
      attended: anew(secondaryRemoved, [
        ...oldFilesMoved,
        `${P}: BACKUP DATABASE`,
        `${B}: RESTORE DATABASE`,
        ...secondaryAdded,
      ]),
    },
  },
];

/** The cases of a pool at home, each of which leaves it as it was. */
export const steadyCases: readonly DriftCase[] = [...shippingCases, ...mirrorCases, ...serviceCases, ...personCases];

/** What a pool that was failed over by hand shows; no unattended run may touch any of it. */
export const failedOverRows: readonly ExpectedRow[] = [
  { ...row("F0", "authority", "backup", "service"), desired: "primary" },
  row("F1", "activeServers", servers("b", 1, 2, 3, 4), "service"),
  row("F2-chat", "partner", "SQL-B2", "service"),
  row("F2-compliance", "partner", "SQL-B2", "service"),
  row("F2b", "fence", "none", "service"),
  { ...row("F3", "step", "no full set under the present fence", "service"), desired: "done" },
  row("F4", "source", "none", "service"),
  row("F6", "activeServers", [], "service"),
  row("F7", "poolState", "FailedOver", "service"),
  { ...row("F5", "primary", "not registered", "protection"), desired: "registered" },
  { ...row("F5", "secondary", "not registered", "protection"), desired: "registered" },
  row("F8-chat", "partner", "none", "protection"),
  row("F8-chat", "session", "none", "protection"),
  row("F8-compliance", "partner", "none", "protection"),
  row("F8-compliance", "session", "none", "protection"),
  row("F8-leftovers", "leftovers", ["mgc", "mgccomp"], "cosmetic"),
];

/**
 * Inputs that say where and how a step acts. Nothing in the estate holds them, so nothing in the estate can differ from
 * them: they change with the configuration only.
 */
export const addresses: readonly string[] = [
  "F2-chat instance",
  "F2-chat database",
  "F2-compliance instance",
  "F2-compliance database",
  "F2b instance",
  "F2b database",
  "F3 instance",
  "F3 database",
  "F3 folder",
  "F3 name",
  "F3 copyOnly",
  "F3 compression",
  "F4 instance",
  "F4 database",
  "F4 compare",
  "F7b instance",
  "F7b database",
  "F7b check",
  "F8-chat instance",
  "F8-chat database",
  "F8-compliance instance",
  "F8-compliance database",
  "F8-leftovers instance",
];

/** Inputs that hold the plan itself: they follow from all others. */
export const derived: readonly string[] = ["F0 plan"];
