import type { Message } from "./results";

/** An error of the server on its way to the client. */
export class SqlError extends Error {
  readonly number: number;
  readonly class: number;
  readonly state: number;
  /** Errors that follow it in the same statement, such as 3013 after 3201. */
  readonly followers: readonly SqlError[];
  /** Set where it is known that the batch cannot go on (245, 208 …); the language decides otherwise by number. */
  readonly endsBatch: boolean;

  constructor(
    number: number,
    severity: number,
    text: string,
    options: { readonly state?: number; readonly followers?: readonly SqlError[]; readonly endsBatch?: boolean } = {},
  ) {
    super(text);
    this.name = "SqlError";
    this.number = number;
    this.class = severity;
    this.state = options.state ?? 1;
    this.followers = options.followers ?? [];
    this.endsBatch = options.endsBatch ?? false;
  }

  /** The same cause followed by what SQL Server adds behind it (3013, 5069, 3119), before what ends the connection. */
  followedBy(...followers: readonly SqlError[]): SqlError {
    const isFatal = (error: SqlError): boolean => error.class >= 20;
    const others = this.followers.filter((error) => !isFatal(error));
    return new SqlError(this.number, this.class, this.message, {
      state: this.state,
      followers: [...others, ...followers, ...this.followers.filter(isFatal)],
      endsBatch: this.endsBatch,
    });
  }

  /** As messages for a sink: the cause first, then the followers. */
  messages(line: number, procedure = ""): Message[] {
    return [this, ...this.followers].map((error) => ({
      number: error.number,
      state: error.state,
      class: error.class,
      text: error.message,
      procedure,
      line,
    }));
  }
}
