/** What the program that is killed is asked for and answers, over the channel of its parent. */
export const SHARE = "\\\\files.dci.discovery.com\\lslogs";
export const INSTANCES = ["SQL-P1", "SQL-P2", "SQL-B1"] as const;
export type InstanceName = (typeof INSTANCES)[number];

/** A request; the answer has the same id. */
export type VictimRequest = { readonly id: number } & (
  | {
      readonly kind: "batch";
      readonly instance: InstanceName;
      /** A session of this name is opened at its first batch and stays. */
      readonly session: string;
      readonly text: string;
    }
  /** From now on the process ends at the nth change of the disk. */
  | { readonly kind: "arm"; readonly change: number }
);

/** Values of rows as text. */
export type VictimRow = Readonly<Record<string, string | null>>;

export type VictimAnswer =
  | { readonly kind: "ready" }
  | {
      readonly kind: "answer";
      readonly id: number;
      readonly rows: readonly VictimRow[];
      /** Number and text of each error, the cause first. */
      readonly errors: readonly string[];
    };
