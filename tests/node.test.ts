/** The same engine and host in Node, as one file that a packager would ship. The other runtimes: tests/runtimes/. */
import { Network } from "../host/network/network.ts";
import { assert, assertEquals, assertGreater, assertThrows } from "./assert.ts";
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

Deno.test("configure changes the settings that it names while the node runs, and keeps its state and the others", () => {
  const network = new Network({ maximumSessions: 1, noJitter: true });
  const alice = network.host("alice"), bob = network.host("bob");
  network.link(alice, bob);
  const send = (port: number) =>
    alice.send({ destination: bob.address, port }, { tokenBucketRateBytesPerSecond: 12_500 });
  const sessions = () => bob.rsvp.inspect("sessions").length;
  send(1);
  send(2);
  network.run(100);
  // What others may make here is limited; what applications of the node want is not.
  assertEquals([alice.rsvp.inspect("sessions").length, sessions()], [2, 1]);
  assertThrows(() => bob.rsvp.configure({ refreshIntervalMs: 0, maximumSessions: 5 }), RangeError);
  bob.rsvp.configure({ maximumSessions: 2 });
  alice.rsvp.configure({ refreshIntervalMs: 1_000 });
  send(3);
  network.run(100);
  assertEquals([alice.rsvp.inspect("sessions").length, sessions()], [3, 2]);
  const before = bob.rsvp.counters().RECEIVED_PATH;
  // The timers that run already may still be of the old interval; one of them is over after it.
  network.run(45_000);
  const later = bob.rsvp.counters().RECEIVED_PATH;
  network.run(10_000);
  assertGreater(later, before);
  assertEquals(bob.rsvp.counters().RECEIVED_PATH - later, 30);
  assertEquals(sessions(), 2);
});

Deno.test("what traffic control has lost is given up: the receiver hears of code 12, and what it asks for again stands again", () => {
  const network = new Network({ noJitter: true });
  const alice = network.host("alice"), r1 = network.router("r1"), bob = network.host("bob");
  network.link(alice, r1);
  network.link(r1, bob);
  const session = { destination: bob.address, port: 5004 };
  alice.send(session, { tokenBucketRateBytesPerSecond: 12_500 });
  const errors: number[] = [];
  const receiver = bob.rsvp.session(session).on(({ errorCode }) => errorCode !== 0 && errors.push(errorCode));
  network.run(100);
  const ask = () => receiver.reserve({ style: "WF", flowspec: { tokenBucketRateBytesPerSecond: 12_500 } });
  ask();
  network.run(100);
  const installed = () => r1.inspect("installed").length;
  assertEquals(installed(), 1);
  // Nothing more is said than that it is gone, as by a kernel whose interface went away.
  const [handle] = r1.trafficControl.installed.keys();
  r1.trafficControl.lose(handle);
  network.run(100);
  assertEquals([installed(), errors], [0, [12]]);
  network.run(60_000);
  assertEquals([installed(), r1.trafficControl.installed.size], [1, 1]);
});
