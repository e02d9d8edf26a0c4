/** Clients that send rubbish, too much, or read nothing: they are answered and cut off, and others do not notice. */
import { sessionObject } from "../host/application.ts";
import { encodeObjects } from "../host/object_list.ts";
import { MAXIMUM_MISTAKES, MAXIMUM_REQUEST_BYTES, MAXIMUM_SESSIONS_PER_CLIENT } from "../host/service/limits.ts";
import { encodeBase64 } from "../host/service/protocol.ts";
import { RemoteNode } from "../host/service/remote_node.ts";
import { assert, assertEquals, assertStringIncludes } from "./assert.ts";
import { HERE, pause, RawClient, type ServiceWorld, until, withService } from "./service_fixture.ts";

const SESSION = encodeBase64(encodeObjects([sessionObject({ destination: HERE, port: 5004 })]));
const errorOf = (line: Record<string, unknown> | undefined) =>
  line?.error as { code: string; message: string; status?: number } | undefined;

/** Runs `attack` beside a client whose reservation has to stand all the time. */
async function beside(attack: (world: ServiceWorld) => Promise<void>): Promise<void> {
  await withService({}, async (world) => {
    const server = await world.serve();
    const bystander = await RemoteNode.connect({ path: world.path, onError: (error) => void world.errors.push(error) });
    const events: string[] = [];
    bystander.session({ destination: HERE, port: 7000 }).on(({ kind }) => void events.push(kind));
    bystander.session({ destination: HERE, port: 7000 }).sender({ port: 4000, tokenBucketRateBytesPerSecond: 12_500 });
    await until("the bystander is there", () => events.includes("PATH_EVENT"));
    await attack(world);
    await bystander.settled();
    assertEquals(events, ["PATH_EVENT"]);
    assertEquals(world.node.running, true);
    await until("only the bystander is left", () => server.counters.clients === 1);
    assertEquals(world.node.inspect("sessions").length, 1);
    bystander.close();
  });
}

const RUBBISH: [what: string, line: string | Uint8Array, says: string][] = [
  ["text", "GET / HTTP/1.1\r\n\r\n", "not JSON: GET /"],
  ["bytes", new Uint8Array([0, 255, 1, 254, 10]), "not JSON"],
  ["a number", "7\n", '"id"'],
  ["null", "null\n", '"id"'],
  ["a list", '[{"id":1}]\n', '"id"'],
  ["no id", '{"op":"session"}\n', '"id"'],
  ["an id that is text", '{"id":"1","op":"session"}\n', '"id"'],
  ["no operation", '{"id":1}\n', '"op"'],
  ["a line without end", "x".repeat(MAXIMUM_REQUEST_BYTES + 70_000), String(MAXIMUM_REQUEST_BYTES)],
];

for (const [what, bytes, says] of RUBBISH) {
  Deno.test(`service: a client that sends ${what} is told what is wrong and cut off`, async () => {
    await beside(async ({ path }) => {
      const client = await RawClient.connect(path);
      await client.hello();
      await client.write(bytes).catch(() => {}); // cut off while it still writes
      await until("it is cut off", () => client.ended);
      assertEquals(errorOf(client.lines.at(-1))?.code, "BAD_LINE");
      assertStringIncludes(errorOf(client.lines.at(-1))!.message, says);
      client.close();
    });
  });
}

Deno.test("service: hello must come first, once, and with a version in common", async () => {
  await beside(async ({ path }) => {
    const cases = [
      [[{ id: 1, op: "session", session: 1, objects: SESSION }], "HELLO", "first"],
      [[{ id: 1, op: "hello", versions: [1] }, { id: 2, op: "hello", versions: [1] }], "HELLO", "twice"],
      [[{ id: 1, op: "hello", versions: [2, 3] }], "VERSION", "speaks 1"],
      [[{ id: 1, op: "hello", versions: "1" }], "BAD_REQUEST", "list of whole numbers"],
    ] as const;
    for (const [requests, code, says] of cases) {
      const client = await RawClient.connect(path);
      let last: Record<string, unknown> = {};
      for (const request of requests) last = await client.ask(request);
      assertEquals(errorOf(last)?.code, code);
      assertStringIncludes(errorOf(last)!.message, says);
      if (code !== "BAD_REQUEST") await until("it is cut off", () => client.ended);
      client.close();
    }
  });
});

Deno.test("service: wrong fields are named, and a client that makes mistakes only is cut off in the end", async () => {
  await beside(async ({ path }) => {
    const client = await RawClient.connect(path);
    await client.hello();
    const wrong: [Record<string, unknown>, string, string][] = [
      [{ op: "sesion" }, "UNKNOWN_OPERATION", '"sesion"'],
      [{ op: "toString" }, "UNKNOWN_OPERATION", '"toString"'],
      [{ op: "session", objects: SESSION }, "BAD_REQUEST", '"session" is missing'],
      [{ op: "session", session: -1, objects: SESSION }, "BAD_REQUEST", '"session" is -1'],
      [{ op: "session", session: 1, objects: "%%%" }, "BAD_REQUEST", "base64"],
      [{ op: "session", session: 1, objects: 5 }, "BAD_REQUEST", '"objects" is 5'],
      [{ op: "session", session: 1, objects: "" }, "REFUSED", "the call"],
      [{ op: "call", session: 9, call: "SENDER" }, "NOT_FOUND", '"session" is 9'],
      [{ op: "call", session: 9, call: "JUMP" }, "BAD_REQUEST", '"SENDER", "RESERVE"'],
      [{ op: "call", session: 9, call: "RESERVE", style: "XX" }, "BAD_REQUEST", '"style"'],
      [{ op: "call", session: 9, call: "SENDER", ttl: 256 }, "BAD_REQUEST", "0 to 255"],
      [{ op: "release", session: 9 }, "NOT_FOUND", "not registered"],
      [{ op: "source", destination: "nowhere" }, "BAD_REQUEST", "IPv4 or IPv6 address"],
      [{ op: "join", group: 7 }, "BAD_REQUEST", '"group" is 7, not text'],
    ];
    for (const [index, [request, code, says]] of wrong.entries()) {
      const error = errorOf(await client.ask({ id: index + 1, ...request }));
      assertEquals(error?.code, code, JSON.stringify(request));
      assertStringIncludes(error!.message, says);
    }
    assertEquals(client.ended, false);
    for (let id = 100; id < 100 + MAXIMUM_MISTAKES; id++) {
      await client.write(JSON.stringify({ id, op: "join", group: 7 }) + "\n").catch(() => {});
    }
    await until("it is cut off", () => client.ended);
    client.close();
  });
});

Deno.test("service: objects that no engine takes are refused, and neither trap nor leave anything", async () => {
  await beside(async ({ path, node }) => {
    const seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`);
    let state = seed;
    const random = (below: number) => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below;
    const client = await RawClient.connect(path);
    await client.hello();
    await client.ask({ id: 1, op: "session", session: 1, objects: SESSION });
    const kinds = ["SENDER", "RESERVE"], styles = ["", "WF", "FF", "SE"];
    const ids: number[] = [];
    for (let id = 10; id < 1_010; id++) {
      const bytes = new Uint8Array(random(120)).map(() => random(256));
      // Half of them begin as an object would: its length, a class of RFC 2205, a C-Type.
      if (bytes.length > 4 && random(2)) bytes.set([0, 4 * random(30), random(16), 1 + random(2)]);
      const call = { call: kinds[random(2)], style: styles[random(4)], options: random(256), interface: random(5) };
      const request = random(8) === 0 ? { op: "session", session: id } : { op: "call", session: 1, ...call };
      await client.write(JSON.stringify({ id, ...request, objects: encodeBase64(bytes) }) + "\n");
      ids.push(id);
    }
    await until("all are answered", () => ids.every((id) => client.lines.some((line) => line.id === id)));
    assertEquals(node.running, true);
    assert(client.lines.filter((line) => errorOf(line)?.code === "REFUSED").length > 100);
    assertEquals(client.lines.filter((line) => errorOf(line)?.code === "INTERNAL"), []);
    client.close();
  });
});

Deno.test("service: a client has no more sessions than it may, and loses none of those that it has", async () => {
  await beside(async ({ path, node }) => {
    const client = await RawClient.connect(path);
    await client.hello();
    let text = "";
    for (let id = 1; id <= MAXIMUM_SESSIONS_PER_CLIENT + 5; id++) {
      const objects = id === 1 ? SESSION : sessionBytes(id);
      text += JSON.stringify({ id, op: "session", session: id, objects }) + "\n";
    }
    await client.write(text);
    await until("all are answered", () => client.lines.length === MAXIMUM_SESSIONS_PER_CLIENT + 6, 20_000);
    const refused = client.lines.filter((line) => errorOf(line)?.code === "LIMIT");
    assertEquals(refused.map(({ id }) => Number(id) - MAXIMUM_SESSIONS_PER_CLIENT), [1, 2, 3, 4, 5]);
    assertEquals(node.inspect("sessions").length, MAXIMUM_SESSIONS_PER_CLIENT + 1);
    client.close();
    await until("they are gone with it", () => node.inspect("sessions").length === 1, 20_000);
  });
});

Deno.test("service: a client that asks and never reads is cut off, and what it had is torn down", async () => {
  await beside(async ({ path, node }) => {
    const deaf = await RawClient.connect(path, { reads: false });
    await deaf.write('{"id":0,"op":"hello","versions":[1]}\n');
    await deaf.write(JSON.stringify({ id: 1, op: "session", session: 1, objects: SESSION }) + "\n");
    await until("it is registered", () => node.inspect("sessions").length === 2);
    const line = JSON.stringify({ id: 2, op: "interfaces" }) + "\n";
    let written = 0;
    const flood = (async () => {
      try {
        for (; written < 200_000; written += 1_000) await deaf.write(line.repeat(1_000));
      } catch {
        // The service has closed it.
      }
    })();
    await until("its session is gone", () => node.inspect("sessions").length === 1, 30_000);
    deaf.close();
    await flood;
    assert(written < 200_000, "the service took everything and kept the answers");
  });
});

Deno.test("service: many clients that come, say half a line and go leave nothing", async () => {
  await beside(async ({ path }) => {
    for (let round = 0; round < 100; round++) {
      const client = await RawClient.connect(path);
      if (round % 2) await client.write('{"id":1,"op":"hel');
      client.close();
    }
    await pause(20);
  });
});

/** A SESSION of its own for each number. */
function sessionBytes(number: number): string {
  const destination = `10.${1 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
  return encodeBase64(encodeObjects([sessionObject({ destination, port: 5004 })]));
}
