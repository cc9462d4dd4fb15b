/** What a case of the drift tables is made of, and the changes that both stacks have in common. */
import type { MoveMode } from "../../estate/desired";
import type { DriftRow } from "../../estate/drift/drift-types";
import type { Fault } from "../../lab/control-commands";
import type { Deed, InstanceName } from "./drift-estate";

/** What a drift report must say of a change, without what moves by itself. */
export type ExpectedRow = Pick<DriftRow, "step" | "property" | "observed" | "severity"> & {
  /** Given where the property is none of the resource's inputs. */
  readonly desired?: DriftRow["desired"];
  /** The observed value is the beginning of the text: an age follows. */
  readonly begins?: true;
};

/** One thing that goes otherwise at night. */
export interface DriftCase {
  readonly what: string;
  /** Inputs that it is about, as `F5 primary.share`; a half that is gone is about all of its members. */
  readonly about: readonly string[];
  readonly deeds: readonly Deed[];
  readonly rows: readonly ExpectedRow[];
  /** What an unattended `up` changes, in its order, by the lab's journal; null where nothing of ours mends it. */
  readonly up: readonly string[] | null;
  /** Given where an unattended `up` refuses: its words, and what an attended one changes (null: it refuses too). */
  readonly refused?: { readonly says: RegExp; readonly attended: readonly string[] | null };
  /** The mode of the failover that the attended one is given; none unless given. */
  readonly mode?: MoveMode;
  /** What a person does where nothing of ours mends it. */
  readonly byHand?: readonly Deed[];
  /** What an unattended `up` changes once a person has done that. */
  readonly then?: readonly string[];
  /** What a person clears away afterwards, because nothing of ours removes it. */
  readonly tidy?: readonly Deed[];
}

/** A batch on an instance. */
export const on = (name: InstanceName, sql: string): Deed => ({ on: name, sql });

/** A fault of an instance. */
export const fault = (
  action: "agent-stop" | "agent-start" | "instance-stop" | "instance-start",
  instance: InstanceName,
): Deed => ({ fault: { action, instance } satisfies Fault });

/** A row of the report. */
export const row = (
  step: ExpectedRow["step"],
  property: string,
  observed: ExpectedRow["observed"],
  severity: ExpectedRow["severity"],
): ExpectedRow => ({ step, property, observed, severity });

/** FQDNs of a site's chat servers. */
export const servers = (site: "p" | "b", ...numbers: readonly number[]): readonly string[] =>
  numbers.map((number) => `chat-${site}${String(number)}.dci.discovery.com`);

const identity = "PersistentChatServer:lyncpc.dci.discovery.com";

/** The list of active servers, set by hand. */
export const list = (names: readonly string[]): Deed => ({
  shell: `Set-CsPersistentChatActiveServer -Identity ${identity} -ActiveServers ${names.length === 0 ? "$Null" : names.map((name) => `'${name}'`).join(",")} -Confirm:$false`,
});

/** What a step changes that sets the list. */
export const setList: readonly string[] = ["shell: Set-CsPersistentChatActiveServer"];

/** The pool's state, set by hand. */
export const poolState = (state: "Normal" | "FailedOver"): Deed => ({
  shell: `Set-CsPersistentChatState -Identity ${identity} -PoolState ${state} -Confirm:$false`,
});

/** A one-off job of ours: folders are written and read as the Agent, old files are moved by it. */
export const oneOffJob = (name: InstanceName): readonly string[] =>
  ["add_job", "add_jobstep", "add_jobserver", "start_job", "delete_job"].map((verb) => `${name}: EXEC sp_${verb}`);

/** A mirror made anew by ALTER DATABASE, over the RESTORING copy that the old session left. */
export const madeMirror = (principal: InstanceName, mirror: InstanceName): readonly string[] => [
  `${principal}: BACKUP DATABASE`,
  `${mirror}: RESTORE DATABASE`,
  `${principal}: BACKUP LOG`,
  `${mirror}: RESTORE LOG`,
  `${mirror}: ALTER DATABASE`,
  `${principal}: ALTER DATABASE`,
];
