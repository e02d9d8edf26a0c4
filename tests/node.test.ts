/** The same engine and host in Node, as one file that a packager would ship. The other runtimes: tests/runtimes/. */
import { assert, assertEquals } from "./assert.ts";
import { needs } from "./require.ts";
import { bundle, withFolder } from "./runtimes/bundle.ts";
import { exchange } from "./runtimes/exchange.ts";

Deno.test("Deno decodes a PATH and runs a PATH/RESV exchange", () => {
  const { decoded, messages, installed, ladder } = exchange();
  assertEquals(messages, ["Path", "Path", "Resv", "Resv", "ResvConf", "ResvConf"], ladder);
  assertEquals(installed.length, 1);
  const { message, checksum, objects } = decoded as { message: string; checksum: string; objects: { name: string }[] };
  assertEquals([message, checksum], ["Path", "ok"]);
  assertEquals(objects.map((object) => object.name), [
    "SESSION",
    "RSVP_HOP",
    "TIME_VALUES",
    "SENDER_TEMPLATE",
    "SENDER_TSPEC",
    "ADSPEC",
  ]);
});

Deno.test({
  name: "Node decodes a PATH and runs a PATH/RESV exchange exactly as Deno does",
  ...needs("node"),
  async fn() {
    await withFolder(async (folder) => {
      const file = `${folder}/exchange.mjs`;
      await bundle("./exchange.ts", file);
      const program = `import { exchange } from ${JSON.stringify("file://" + file)};
        if (typeof Deno !== "undefined") throw new Error("this is not Node");
        process.stdout.write(JSON.stringify(exchange()));`;
      const { success, stdout, stderr } = await new Deno.Command("node", {
        args: ["--input-type=module", "--eval", program],
        stdin: "null",
      }).output();
      assert(success, new TextDecoder().decode(stderr));
      assertEquals(JSON.parse(new TextDecoder().decode(stdout)), JSON.parse(JSON.stringify(exchange())));
    });
  },
});
