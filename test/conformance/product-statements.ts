/** A sample of each statement that the product builds, with hostile names, for Microsoft's grammars. */
import { messagesUpTo } from "../../estate/messages-up-to";
import * as databases from "../../estate/statements";
import * as failover from "../../estate/statements-failover";
import * as shipping from "../../estate/statements-log-shipping";
import * as mirroring from "../../estate/statements-mirroring";
import { desired } from "../unit/support/estate";

/** Builders of a module by name; `everyMinutes` gives arguments, not T-SQL. */
type Builders = Omit<
  typeof databases & typeof failover & typeof shipping & typeof mirroring & { messagesUpTo: typeof messagesUpTo },
  "everyMinutes" | "PRIMARY_ALERT" | "SECONDARY_ALERT"
>;

const name = "it's ]mgc[ -- /*";
const job = "6F9619FF-8B86-D011-B42D-00C04FC964FF";
const moves = [
  { logicalName: name, to: String.raw`D:\it's data\mgc.mdf` },
  { logicalName: "mgc_log", to: String.raw`E:\mgc.ldf` },
];
const file = String.raw`\\files.contoso.com\lo'gs\failback\mgc.bak`;
const { logShipping: wanted, logBackups } = desired({ databases: { chat: "it's ]mgc" } });

/** Samples by builder; one builder may have several. */
const samples: { readonly [Builder in keyof Builders]: readonly Parameters<Builders[Builder]>[] } = {
  removeMirroring: [[name]],
  fenceReadOnly: [[name]],
  openForWriting: [[name]],
  setMultiUser: [[name]],
  setOwner: [[name, String.raw`DCI\sql'admin]`]],
  setRestoredOptions: [
    [name, { trustworthy: true, chaining: false, broker: true }],
    [name, { broker: false }],
  ],
  backupFull: [
    [{ database: name, file, name }],
    [{ database: name, file, name, description: name, copyOnly: true, compression: "on" }],
    [{ database: name, file, name, compression: "off" }],
  ],
  verifyBackup: [[file]],
  readBackupHeader: [[file]],
  readBackupFiles: [[file]],
  restoreFull: [
    [{ database: name, file, moves, recovery: "NORECOVERY", takeOver: true }],
    [{ database: name, file, moves: [], recovery: "RECOVERY", takeOver: false }],
  ],
  backupTail: [[{ database: name, file, name, description: name }]],
  backupDamagedTail: [
    [{ database: name, file, name, description: name }, true],
    [{ database: name, file, name, description: name }, false],
  ],
  restoreLog: [[name, file]],
  verifyLog: [[file]],
  recoverDatabase: [[name]],
  logBackupCommand: [[name, String.raw`\\files.contoso.com\lo'gs`]],
  addLogBackupJob: [[name, logBackups]],
  changeLogBackupCommand: [[job, name, logBackups]],
  deleteLogBackupJob: [[job]],
  setRestoreDelay: [[name, 0]],
  addPrimary: [[wanted]],
  addPrimarySecondary: [[wanted]],
  addSecondary: [[wanted]],
  changePrimary: [[wanted]],
  changeSecondaryPrimary: [[wanted]],
  changeSecondaryDatabase: [[wanted]],
  deletePrimarySecondary: [[name, name, name]],
  deletePrimary: [[name]],
  deleteSecondaryDatabase: [[name]],
  deleteSecondaryPrimary: [[name, name]],
  enableJob: [
    [job, true],
    [job, false],
  ],
  enableJobByName: [[name]],
  renameJob: [[job, name]],
  changeSchedule: [
    [7, 15],
    [7, 15, false],
  ],
  detachSchedule: [[job, 7]],
  deleteStrayMonitorRow: [
    ["primary", job],
    ["secondary", job],
  ],
  addSchedule: [[job, name, 15]],
  addAlertJob: [[]],
  startJob: [[job]],
  setPartner: [[name, "TCP://sql-p'2.contoso.com:5022"]],
  resumeMirroring: [[name]],
  failOverToMirror: [[name]],
  backupLog: [
    [{ database: name, file, name, description: name, copyOnly: true }],
    [{ database: name, file, name, description: name, copyOnly: false }],
  ],
  restoreMirror: [[{ database: name, file, moves }]],
  dropRestoringCopy: [[name]],
  messagesUpTo: [
    [name],
    [
      name,
      [
        { channelId: 1, maxChatId: "9223372036854775807" },
        { channelId: 2, maxChatId: "7" },
      ],
    ],
  ],
};

/** Each sample's text, by its builder's name and number. */
export function productStatements(): Readonly<Record<string, string>> {
  const builders: Record<string, unknown> = { ...databases, ...failover, ...shipping, ...mirroring, messagesUpTo };
  const texts = Object.entries(samples).flatMap(([builder, calls]) =>
    calls.map((args, index) => {
      const build = builders[builder] as (...args: readonly unknown[]) => string;
      return [`${builder}, sample ${String(index + 1)}`, build(...args)] as const;
    }),
  );
  return Object.fromEntries(texts);
}
