/** Arguments of the lab's command line, from text. Each throws InvalidArgumentError, which commander prints. */
import { InvalidArgumentError } from "commander";

export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

/** A count of something that is done at least once. */
export function count(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1) throw new InvalidArgumentError("Expected a whole number from 1 on.");
  return Number(text);
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError("Expected a number.");
  return value;
}

export function portNumber(text: string): number {
  const port = wholeNumber(text);
  if (port < 1 || port > 65_000) throw new InvalidArgumentError("Expected a port from 1 to 65000.");
  return port;
}

const UNITS: Readonly<Record<string, number>> = { B: 1, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 };

export function byteSize(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([KMG]?i?B)$/i.exec(text) ?? [];
  const factor = UNITS[(unit ?? "").toUpperCase()];
  if (amount === undefined || factor === undefined)
    throw new InvalidArgumentError("Expected a size with its unit: 64MiB, 2GiB.");
  return Math.round(Number(amount) * factor);
}
