/** What a command is given: its streams and the outside world, so that tests can run commands in process. */
import type { CommandContext } from "@stricli/core";
import type { Output } from "./output.ts";

/** The context of every command. */
export interface ResvContext extends CommandContext {
  readonly out: Output;
  readonly err: Output;
  /** Standard input, read by `-`. */
  readonly standardInput: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Says in one line what went wrong and lets the command go on; the exit code will be 1. */
  fail(line: string): void;
}
