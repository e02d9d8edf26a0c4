/** What `resv reload` does. */
import type { ResvContext } from "./context.ts";
import type { ReloadFlags } from "./reload.ts";
import { ServiceClient } from "./service_client.ts";

export async function runReload(this: ResvContext, flags: ReloadFlags): Promise<void> {
  const client = await ServiceClient.connect(flags.socket);
  try {
    const { done } = await client.request("reload");
    const lines = done as string[];
    for (const line of lines.length > 0 ? lines : ["nothing has changed"]) this.out.line(line);
  } finally {
    client.close();
  }
}
