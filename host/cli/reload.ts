/** `resv reload`: a running node reads its file again. */
import { buildCommand } from "@stricli/core";
import type { ResvContext } from "./context.ts";
import { SOCKET_FLAG } from "./socket_flag.ts";

/** Flags of the command. */
export interface ReloadFlags {
  readonly socket?: string;
}

export const reloadCommand = buildCommand<ReloadFlags, [], ResvContext>({
  docs: {
    brief: "Have a running resv node read its file again",
    fullDescription:
      "Does what SIGHUP does, and says what was done and what cannot be done without a new start. If the file has " +
      "mistakes it says them, and the node goes on as it was.",
  },
  parameters: { flags: { socket: SOCKET_FLAG } },
  loader: async () => (await import("./reload_run.ts")).runReload,
});
