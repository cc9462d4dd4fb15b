/** Standard input as lines, whatever the chunks: UTF-8, ended by LF or CR LF. */
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** Reading starts with the first `next`, so that a process that never asks does not wait for its input. */
export class InputLines {
  readonly #stream: Readable;
  readonly #decoder = new StringDecoder("utf8");
  readonly #lines: string[] = [];
  #rest = "";
  #ended = false;
  #started = false;
  #waiting: (() => void) | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  /** The next line without its end; undefined = there are no more. Only one caller waits at a time. */
  async next(): Promise<string | undefined> {
    if (!this.#started) this.#start();
    while (this.#lines.length === 0 && !this.#ended) await new Promise<void>((resolve) => (this.#waiting = resolve));
    return this.#lines.shift();
  }

  #start(): void {
    this.#started = true;
    this.#stream.on("data", (chunk: Buffer) => {
      const parts = (this.#rest + this.#decoder.write(chunk)).split("\n");
      this.#rest = parts.pop() as string;
      this.#lines.push(...parts.map((line) => line.replace(/\r$/, "")));
      this.#waiting?.();
    });
    const end = (): void => {
      if (this.#rest !== "" && !this.#ended) this.#lines.push(this.#rest);
      this.#ended = true;
      this.#waiting?.();
    };
    this.#stream.on("end", end);
    this.#stream.on("error", end);
  }
}
