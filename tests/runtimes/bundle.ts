/** Makes one JavaScript file of an entry, as a packager would ship it: nothing of Deno's in it. */
import { fileURLToPath } from "node:url";

/** Bundles `entry` (a file beside this one) to `output`. */
export async function bundle(entry: string, output: string): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    // The root's configuration: the one beside this file would fetch workerd for a bundle that has nothing of it.
    args: [
      "bundle",
      "--quiet",
      "--platform",
      "browser",
      "-o",
      output,
      fileURLToPath(new URL(entry, import.meta.url)),
    ],
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    stdin: "null",
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  }).output();
  if (!success) {
    throw new Error(
      "deno bundle: " + new TextDecoder().decode(stdout) +
        new TextDecoder().decode(stderr),
    );
  }
}

/** Calls the function with a fresh folder that is gone afterwards. */
export async function withFolder<T>(
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "resv_runtimes_" });
  try {
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
