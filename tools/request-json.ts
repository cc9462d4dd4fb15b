/** One request to a REST interface that speaks JSON, and its answer or an error that says what to do. */
import type { z } from "zod";
import { DrError } from "../estate/errors";
import { printable } from "../estate/printable";

/** A request whose answer is a `T`. */
export interface JsonRequest<T> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH";
  readonly url: string;
  /** With the token: headers are never shown. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
  /** What the answer is read as. */
  readonly answer: z.ZodType<T>;
  /** The right that it needs, a whole sentence: the hint when it is refused. */
  readonly right: string;
}

/** Milliseconds for one request with its answer. */
const PATIENCE = 30_000;

/**
 * Sends the request and gives its answer. A redirect is not followed: Azure DevOps leads a token that it does not take to its
 * sign-in page, and a token of ours goes nowhere else. Throws `PERMISSION_DENIED`, `UNREACHABLE` or `UNEXPECTED_ANSWER`.
 */
export async function requestJson<T>({ method, url, headers, body, answer, right }: JsonRequest<T>): Promise<T> {
  const where = `${method} ${url}`;
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE),
    });
    status = response.status;
    text = await response.text();
  } catch (thrown) {
    throw new DrError({
      code: "UNREACHABLE",
      summary: "the platform gave no answer",
      where,
      found: printable(reason(thrown), 200),
      hint: "Behind a proxy set NODE_USE_ENV_PROXY=1 with HTTPS_PROXY, for a certificate of your own NODE_EXTRA_CA_CERTS.",
      cause: thrown,
    });
  }
  const read = status === 200 || status === 201 ? answer.safeParse(json(text)) : undefined;
  if (read?.success === true) return read.data;
  const denied = [203, 302, 401, 403, 404].includes(status);
  throw new DrError({
    code: denied ? "PERMISSION_DENIED" : "UNEXPECTED_ANSWER",
    summary: denied ? "the platform refused the request" : "the platform's answer is not one that was asked for",
    where,
    expected: "status 200 or 201, and JSON as the platform's reference has it",
    found: `status ${String(status)}: ${printable(text, 200)}`,
    ...(denied ? { hint: right } : {}),
  });
}

/** Node says "fetch failed", and why in the cause. */
function reason(thrown: unknown): string {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** Undefined for what is no JSON, such as a page of HTML. */
function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
