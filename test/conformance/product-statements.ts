/** A sample of each statement that the product builds, with hostile names, for Microsoft's grammars. */
import * as databases from "../../estate/statements";
import * as shipping from "../../estate/statements-log-shipping";
import { desired } from "../unit/support/estate";

/** Builders of a module by name; `everyMinutes` gives arguments, not T-SQL. */
type Builders = Omit<typeof databases & typeof shipping, "everyMinutes" | "PRIMARY_ALERT" | "SECONDARY_ALERT">;

const name = "it's ]mgc[ -- /*";
const job = "6F9619FF-8B86-D011-B42D-00C04FC964FF";
const moves = [
  { logicalName: name, to: String.raw`D:\it's data\mgc.mdf` },
  { logicalName: "mgc_log", to: String.raw`E:\mgc.ldf` },
];
const file = String.raw`\\files.contoso.com\lo'gs\failback\mgc.bak`;
const wanted = desired({ databases: { chat: "it's ]mgc" } }).logShipping;

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
  changeSchedule: [[7, 15]],
  addSchedule: [[job, name, 15]],
  addAlertJob: [[]],
  startJob: [[job]],
};

/** Each sample's text, by its builder's name and number. */
export function productStatements(): Readonly<Record<string, string>> {
  const builders: Record<string, unknown> = { ...databases, ...shipping };
  const texts = Object.entries(samples).flatMap(([builder, calls]) =>
    calls.map((args, index) => {
      const build = builders[builder] as (...args: readonly unknown[]) => string;
      return [`${builder}, sample ${String(index + 1)}`, build(...args)] as const;
    }),
  );
  return Object.fromEntries(texts);
}
