/** What `resv clear` does. */
import type { SessionAddress } from "../application.ts";
import { encodeBase64 } from "../service/protocol.ts";
import type { ClearFlags } from "./clear.ts";
import type { ResvContext } from "./context.ts";
import { ServiceClient } from "./service_client.ts";
import { sessionBytes } from "./session_argument.ts";

/** Clears state of a session. */
export function runClear(what: "all" | "senders" | "reservations") {
  return async function (this: ResvContext, flags: ClearFlags, session: SessionAddress): Promise<void> {
    const client = await ServiceClient.connect(flags.socket);
    try {
      const objects = encodeBase64(sessionBytes(session, flags.sender));
      await client.request("clear", { what, objects });
    } finally {
      client.close();
    }
  };
}

/** Clears counters. */
export async function runClearCounters(this: ResvContext, flags: { readonly socket?: string }): Promise<void> {
  const client = await ServiceClient.connect(flags.socket);
  try {
    await client.request("clear_counters");
  } finally {
    client.close();
  }
}
