/** The shared observation of one estate in a provider process, with the rule of when a section is still valid. */
import type { Estate } from "./estate";
import type { Observation } from "./observation-types";
import { assemble, observeSection, sectionsOf, type SectionName, type SectionOf } from "./observe";

interface Entry {
  /** The newest reading begun, shared by whoever asks while it is valid. */
  reading: Promise<{ readonly begun: number }> | undefined;
  /** Tick at which that reading began. */
  begun: number;
  /** A reading begun before this tick must not be used; Infinity while a change is in progress. */
  validFrom: number;
  /** Changes that have begun and not ended. */
  changes: Set<Promise<void>>;
}

/**
 * A change ends the validity of its sections when it begins and again when it ends; nobody is given a section that was begun before
 * the last change of it ended. So two changes side by side never read back a state from before their own end.
 */
export class ObservationStore {
  readonly #estate: Estate;
  readonly #read: typeof observeSection;
  readonly #entries = new Map<SectionName, Entry>();
  /** Order of events in this process: a count, because a clock has a resolution. */
  #tick = 0;

  /** `read` reads one section; `observeSection` unless a caller puts something around it. */
  constructor(estate: Estate, read: typeof observeSection = observeSection) {
    this.#estate = estate;
    this.#read = read;
    for (const name of sectionsOf(estate)) {
      this.#entries.set(name, { reading: undefined, begun: -Infinity, validFrom: -Infinity, changes: new Set() });
    }
  }

  /** Every section, read where no valid reading is at hand. Waits for changes in progress. */
  async observation(): Promise<Observation> {
    const names = [...this.#entries.keys()];
    const sections = await Promise.all(names.map((name) => this.section(name)));
    return assemble(this.#estate, new Map(names.map((name, index) => [name, sections[index]])));
  }

  /** One section, read unless a valid reading is at hand. Waits for changes of it in progress. */
  async section<Name extends SectionName>(name: Name): Promise<SectionOf<Name>> {
    const entry = this.#entry(name);
    for (;;) {
      while (entry.changes.size > 0) await Promise.all(entry.changes);
      if (entry.reading === undefined || entry.begun < entry.validFrom) {
        entry.begun = ++this.#tick;
        const reading = this.#read(this.#estate, name);
        entry.reading = reading;
        // A defect is thrown to who waits for it; the next one to ask reads anew.
        reading.catch(() => {
          if (entry.reading === reading) entry.reading = undefined;
        });
      }
      const { begun } = entry;
      const section = (await entry.reading) as SectionOf<Name>;
      if (entry.changes.size === 0 && begun >= entry.validFrom) return section;
    }
  }

  /**
   * Runs a change of some sections. Observations asked for meanwhile wait until it has ended; the change itself polls with
   * `observeSection`, not through this store.
   */
  async change<Result>(names: readonly SectionName[], action: () => Promise<Result>): Promise<Result> {
    const entries = names.map((name) => this.#entry(name));
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    for (const entry of entries) {
      entry.validFrom = Infinity;
      entry.changes.add(ended);
    }
    try {
      return await action();
    } finally {
      for (const entry of entries) {
        entry.changes.delete(ended);
        if (entry.changes.size === 0) entry.validFrom = ++this.#tick;
      }
      end();
    }
  }

  /** Ends the validity of sections that something outside of our changes has touched; of all when none is named. */
  invalidate(names: readonly SectionName[] = [...this.#entries.keys()]): void {
    for (const name of names) {
      const entry = this.#entry(name);
      entry.reading = undefined;
      if (entry.changes.size === 0) entry.validFrom = ++this.#tick;
    }
  }

  #entry(name: SectionName): Entry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`pool ${this.#estate.pool.name} has no section ${name}`);
    return entry;
  }
}
