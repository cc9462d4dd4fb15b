/** A configuration in the making: values that were read, gaps that a person fills, notes for whoever reads the result. */
import { printable } from "../printable";

/** A value of the configuration that could not be read. It stands as null, or as an empty list, which no configuration passes with. */
export interface Gap {
  /** `pools[0].logShipping.copyFolder` */
  readonly path: string;
  /** Why, and what would tell it; one line. */
  readonly reason: string;
}

/** A value as YAML and JSON hold it; keys stay in the order in which they were set. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** Notes down what is missing below one path. */
export class Draft {
  readonly path: string;
  readonly gaps: Gap[];
  readonly notes: string[];

  constructor(path: string, gaps: Gap[] = [], notes: string[] = []) {
    this.path = path;
    this.gaps = gaps;
    this.notes = notes;
  }

  /** The draft of a member; gaps and notes go to the same lists. */
  at(key: string): Draft {
    return new Draft(`${this.path}.${key}`, this.gaps, this.notes);
  }

  /** A gap in place of a member: null. */
  gap(key: string, reason: string): null {
    this.gaps.push({ path: `${this.path}.${key}`, reason: printable(reason, 400) });
    return null;
  }

  /** A gap in place of a list that must not be empty. */
  emptyList(key: string, reason: string): readonly Value[] {
    this.gap(key, reason);
    return [];
  }

  /** Something worth knowing that keeps no configuration from being used. */
  note(text: string): void {
    this.notes.push(printable(text, 400));
  }

  /** A text of the estate; a gap where it has characters that no name, path or list should have. */
  text(key: string, value: string): string | null {
    if (printable(value, value.length) === value) return value;
    return this.gap(key, `what was read has control characters, or blanks at its ends: ${JSON.stringify(value)}`);
  }
}
