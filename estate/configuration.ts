/**
 * The configuration of a stack: parsed once, with all of its mistakes at once.
 * Pure: passwords from the environment are read where connections are opened, not here.
 */
import type { z } from "zod";
import { problemsOf, type Problem } from "./configuration-problems";
import { brokenRules } from "./configuration-rules";
import { configurationSchema, type instanceSchema, type poolSchema, type siteSchema } from "./configuration-schema";

export type { Problem } from "./configuration-problems";

/** The whole configuration, with every default filled in. */
export type Configuration = z.output<typeof configurationSchema>;
/** What one pool's estate is. */
export type PoolConfiguration = z.output<typeof poolSchema>;
/** One site of a pool. */
export type SiteConfiguration = z.output<typeof siteSchema>;
/** One SQL Server instance. */
export type InstanceConfiguration = z.output<typeof instanceSchema>;
/** How the Management Shell is reached. */
export type ShellConfiguration = Configuration["shell"];
/** How instances are connected to. */
export type SqlConfiguration = Configuration["sql"];

/** The keys of the namespace `persistent-chat-dr`, in the order in which they are documented. */
export const configurationKeys: readonly (keyof Configuration)[] = Object.freeze([
  "pools",
  "active",
  "shell",
  "sql",
  "sqlPassword",
  "shellPassword",
  "failover",
  "guard",
  "unattended",
  "adopt",
  "timeouts",
]);

/** Result of parsing: the value, or every mistake. */
export type ParsedConfiguration =
  { readonly ok: true; readonly value: Configuration } | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Parses what stands in the stack's configuration: an object with the keys of `configurationKeys`, values as JSON.
 * Never throws for a mistake in it.
 */
export function parseConfiguration(raw: unknown): ParsedConfiguration {
  const parsed = configurationSchema.safeParse(raw);
  const problems = [...(parsed.success ? [] : problemsOf(parsed.error.issues, raw)), ...brokenRules(raw)];
  if (parsed.success && problems.length === 0) return { ok: true, value: parsed.data };
  return { ok: false, problems };
}

/** The mistakes as lines for people: `path: expected …, found …`. */
export function formatProblems(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? "one mistake" : `${problems.length} mistakes`;
  const lines = problems.map((problem) => `  ${problem.path}: expected ${problem.expected}; found ${problem.found}`);
  return [`The configuration of persistent-chat-dr has ${count}:`, ...lines].join("\n");
}
