import type * as pulumi from "@pulumi/pulumi";
import { ClosingResource, type PoolArgs } from "./resource";

/** Inputs of {@link ChatService}. */
export interface ChatServiceArgs extends PoolArgs {
  /** @@SERVERNAME of the site's configured principal. */
  readonly instance: string;
  readonly database: string;
  /** What decides: a test message that arrives, or a chat server's ping that moves. */
  readonly check: "message" | "pings";
  /** Always "running". */
  readonly service: string;
}

/**
 * F7b: the chat is back. It comes last of what the pool's service depends on: the outputs of the whole are its own.
 */
export class ChatService extends ClosingResource {
  declare readonly service: pulumi.Output<string>;

  constructor(name: string, args: ChatServiceArgs, options: pulumi.CustomResourceOptions) {
    super("ChatService", name, args, options);
  }
}
