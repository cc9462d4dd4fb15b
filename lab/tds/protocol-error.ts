/** What a client sent does not follow MS-TDS. The connection answers with the error of SQL Server, or closes. */
export class ProtocolError extends Error {
  /** Number of the message in sys.messages that a client is told: 4002 unless something narrower is known. */
  readonly number: number;

  constructor(
    text = "The incoming tabular data stream (TDS) protocol stream is incorrect. The stream ended unexpectedly.",
    number = 4002,
  ) {
    super(text);
    this.name = "ProtocolError";
    this.number = number;
  }
}
