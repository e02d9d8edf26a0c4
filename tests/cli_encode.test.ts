/** `resv encode`: hex, bytes and captures of JSON; what decode wrote comes back byte for byte. */
import fc from "fast-check";
import { OBJECTS } from "../catalogue/index.ts";
import { decode, encode, tryDecode } from "../mod.ts";
import { openCapture } from "../host/capture_engine.ts";
import { readCaptured } from "../host/capture.ts";
import { assert, assertEquals, assertGreater, assertMatch, assertStringIncludes } from "./assert.ts";
import { run, withFile } from "./cli_in_process.ts";
import { bytesOf, hexOf, PATH, PATH_WITH_ADSPEC, randomMessage, RESV } from "./codec_vectors.ts";
import { CAPTURES, has, needs } from "./require.ts";

/** A capture's messages: where and how they were, and their bytes. */
function messagesOf(capture: Uint8Array) {
  const reader = openCapture("packets");
  const found: { place: string; payload: string }[] = [];
  reader.feed(capture, (packets) => {
    for (const { seconds, nanoseconds, source, destination, ttl, udpPort, payload } of readCaptured(packets)) {
      const place = [seconds, nanoseconds, source, destination, ttl, udpPort].join(" ");
      found.push({ place, payload: hexOf(payload) });
    }
  });
  assertEquals(reader.end().status, "OK");
  return found;
}

const jsonOf = (...messages: string[]) => messages.map((hex) => JSON.stringify(decode(bytesOf(hex)))).join("\n");

Deno.test("encode prints the hex of each message, from lines, from an array and from one value", async () => {
  const hex = `${PATH}\n${RESV}\n`;
  assertEquals(
    await run(["encode", "-"], { input: jsonOf(PATH, RESV) }).then(({ code, out, err }) => [code, out, err]),
    [
      0,
      hex,
      "",
    ],
  );
  const values = [PATH, RESV].map((one) => decode(bytesOf(one)));
  for (const space of [undefined, 2, "\t"]) {
    assertEquals((await run(["encode", "-"], { input: JSON.stringify(values, null, space) })).out, hex);
    assertEquals((await run(["encode", "-"], { input: JSON.stringify(values[0], null, space) })).out, `${PATH}\n`);
  }
  const asDecodeWritesIt = `[\n${values.map((value) => JSON.stringify(value)).join(",\n")}\n]\n`;
  assertEquals((await run(["encode", "-"], { input: asDecodeWritesIt })).out, hex);
  assertEquals((await run(["encode", "-"], { input: "[]" })).code, 0);
});

Deno.test("encode reads its input in pieces of any size, characters cut in two included", async () => {
  const name = { name: "SESSION_ATTRIBUTE", ctype: 7, setupPriority: 7, holdingPriority: 7, flags: 0 };
  const value = { message: "Path", objects: [{ ...name, sessionName: "Zürich–Genève" }] };
  const whole = new TextEncoder().encode(JSON.stringify(value) + "\n" + JSON.stringify(value));
  const expected = (await run(["encode", "-"], { input: whole })).out;
  assertStringIncludes(expected, hexOf(new TextEncoder().encode("Zürich–Genève")));
  for (const size of [1, 2, 7, 64]) {
    const input = Array.from(
      { length: Math.ceil(whole.length / size) },
      (_, i) => whole.slice(i * size, (i + 1) * size),
    );
    assertEquals((await run(["encode", "-"], { input })).out, expected);
  }
});

Deno.test("encode puts what is written by hand into the RFC's order, with lengths and checksum", async () => {
  const path = decode(bytesOf(PATH_WITH_ADSPEC));
  const byHand = {
    message: "Path",
    sendTtl: 63,
    objects: path.objects.map(({ offset: _offset, length: _length, ...fields }) => fields).reverse(),
  };
  const input = JSON.stringify(byHand);
  const right = decode(bytesOf((await run(["encode", "-"], { input })).out.trim()));
  assertEquals(right.checksum, "ok");
  assertEquals(right.problems, undefined);
  assertEquals(right.objects.map(({ name }) => name), path.objects.map(({ name }) => name));
  const given = decode(bytesOf((await run(["encode", "--order", "given", "-"], { input })).out.trim()));
  assertEquals(given.objects.map(({ name }) => name), path.objects.map(({ name }) => name).reverse());
});

Deno.test("encode --raw keeps wrong lengths, checksums and order; without it they are made right", async () => {
  const message = decode(bytesOf(PATH));
  const wrong = structuredClone(message) as typeof message & { checksumValue: number };
  wrong.length = 60;
  wrong.checksumValue = 0x1234;
  wrong.objects[1].length = 200;
  wrong.objects.reverse();
  const input = JSON.stringify(wrong);
  const raw = bytesOf((await run(["encode", "--raw", "-"], { input })).out.trim());
  const view = new DataView(raw.buffer);
  assertEquals([view.getUint16(6), view.getUint16(2), raw.length], [60, 0x1234, 88]);
  // RSVP_HOP was second, so it is the last but one now: before SESSION of 12 bytes.
  assertEquals(view.getUint16(88 - 24), 200);
  assertEquals(tryDecode(raw).ok, false);
  wrong.objects.reverse();
  assertEquals((await run(["encode", "-"], { input: JSON.stringify(wrong) })).out.trim(), PATH);
  assertEquals((await run(["encode", "--raw", "-"], { input: JSON.stringify(message) })).out.trim(), PATH);
});

Deno.test("encode --bytes writes the bytes alone, and --pcap a capture with times and addresses as given", async () => {
  const both = await run(["encode", "--bytes", "-"], { input: jsonOf(PATH, RESV) });
  assertEquals(hexOf(both.bytes), PATH + RESV);
  const place = { timestamp: "1700000000.123456789", source: "2001:db8::a", destination: "2001:db8::b", ttl: 9 };
  const values = [
    { ...decode(bytesOf(PATH)), ...place, routerAlert: true },
    { ...decode(bytesOf(RESV)), encapsulation: "UDP", source: "10.0.0.1" },
  ];
  const { bytes, code } = await run(["encode", "--pcap", "-"], { input: JSON.stringify(values) });
  assertEquals(code, 0);
  assertEquals(messagesOf(bytes), [
    { place: "1700000000 123456789 2001:db8::a 2001:db8::b 9 0", payload: PATH },
    { place: "0 0 10.0.0.1 192.0.2.2 64 1698", payload: RESV },
  ]);
});

Deno.test("every vector of the catalogue comes back through decode --json and encode --pcap", async () => {
  const messages = OBJECTS.flatMap(({ vectors }) => vectors).map((vector) => {
    const head = new Uint8Array([0x10, 1, 0, 0, 63, 0, 0, 0]), body = bytesOf(vector);
    const bytes = new Uint8Array([...head, ...body]);
    new DataView(bytes.buffer).setUint16(6, bytes.length);
    return hexOf(bytes);
  });
  const capture = await run(["encode", "--pcap", "-"], {
    input: messages.map((bytes) => `{"bytes":"${bytes}"}`).join("\n"),
  });
  assertEquals(messagesOf(capture.bytes).map(({ payload }) => payload), messages);
  for (const form of ["--json", "--ndjson"]) {
    const decoded = await run(["decode", form, "-"], { input: capture.bytes });
    const again = await run(["encode", "--pcap", "-"], { input: decoded.out });
    assertEquals([again.code, again.err], [0, ""]);
    assertEquals(messagesOf(again.bytes), messagesOf(capture.bytes));
  }
});

Deno.test("any message comes back through decode and encode, whole or broken", async () => {
  const broken = fc.tuple(randomMessage, fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 })).map(
    ([bytes, changes]) => {
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return hexOf(bytes);
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(broken, { minLength: 1, maxLength: 20 }), async (messages) => {
      const input = messages.map((bytes) => JSON.stringify({ bytes })).join("\n");
      const capture = (await run(["encode", "--pcap", "-"], { input })).bytes;
      const decoded = (await run(["decode", "--ndjson", "-"], { input: capture })).out;
      assertEquals((await run(["encode", "-"], { input: decoded })).out, messages.map((one) => one + "\n").join(""));
    }),
    { numRuns: 100 },
  );
});

const files = has("captures")
  ? ["", "peers/"].flatMap((folder) =>
    [...Deno.readDirSync(CAPTURES + folder)].filter(({ name }) => /\.p?cap$/.test(name)).map(({ name }) =>
      folder + name
    )
  )
  : [];
for (const file of files.length > 0 ? files : ["the captures"]) {
  Deno.test({
    name: `${file}: decode --json | encode --pcap gives the same messages byte for byte`,
    ...needs("captures"),
    async fn() {
      const decoded = await run(["decode", "--json", CAPTURES + file]);
      const again = await run(["encode", "--pcap", "-"], { input: decoded.out });
      assertEquals([again.code, again.err], [0, ""]);
      const before = messagesOf(await Deno.readFile(CAPTURES + file));
      assertGreater(before.length, 0);
      assertEquals(messagesOf(again.bytes), before);
    },
  });
}

Deno.test("encode says in one line which message, object and field cannot be written, and writes the others", async () => {
  const session = { name: "SESSION", ctype: 1, destinationAddress: "10.0.0.1", protocolId: 17, flags: 0 };
  const good = { message: "Path", objects: [{ ...session, destinationPort: 1 }] };
  const cases: [unknown, RegExp][] = [
    [{ message: "Path", objects: [session] }, /message 2: objects\[0\]\.SESSION\.destinationPort: is missing$/],
    [{ message: "Pat", objects: [] }, /message 2: message: no message "Pat", did you mean "Path"\?$/],
    [{ message: "Path" }, /message 2: objects: is missing$/],
    [{ bytes: "0g" }, /message 2: bytes: is not hex$/],
  ];
  for (const [bad, expected] of cases) {
    const input = [good, bad, good].map((one) => JSON.stringify(one)).join("\n");
    const { code, out, err } = await run(["encode", "-"], { input });
    assertEquals(code, 1);
    assertMatch(err.trimEnd(), expected);
    assertMatch(err, /^resv: standard input: message 2: [^\n]+\n$/);
    assertEquals(out.trimEnd().split("\n").length, 2);
  }
  const places: [Record<string, unknown>, RegExp][] = [
    [{ source: "10.0.0" }, /source: "10\.0\.0" is not an IPv4 or IPv6 address/],
    [{ source: "10.0.0.1", destination: "::1" }, /are of two families/],
    [{ ttl: 256 }, /ttl: 256 is not an integer from 0 to 255/],
    [{ timestamp: "yesterday" }, /timestamp: "yesterday" is not in seconds/],
  ];
  for (const [place, expected] of places) {
    const { code, err } = await run(["encode", "--pcap", "-"], { input: JSON.stringify({ ...good, ...place }) });
    assertEquals(code, 1);
    assertMatch(err, expected);
  }
});

Deno.test("encode says in one line what is no JSON, no file, or no place for bytes", async () => {
  const cases: [string, RegExp][] = [
    ['{"message":', /^resv: standard input: is no JSON: .*\n$/],
    ["hello", /^resv: standard input: is no JSON: .*\n$/],
    ["", /^resv: standard input: empty, no JSON\n$/],
    ["\n \n", /^resv: standard input: empty, no JSON\n$/],
    ['{"message":"Ack","objects":[]}\n{"mess', /^resv: standard input: line 2 is no JSON\n$/],
    ["[1]", /^resv: standard input: message 1: is not an object\n$/],
  ];
  for (const [input, expected] of cases) {
    const { code, err } = await run(["encode", "-"], { input });
    assertEquals(code, 1, input);
    assertMatch(err, expected);
    // Of what cannot be read there is no capture either, not even its header; of no messages there is.
    if (!input.includes("{")) assertEquals((await run(["encode", "--pcap", "-"], { input })).out, "", input);
  }
  assertEquals((await run(["encode", "/nonexistent.json"])).err, "resv: /nonexistent.json: no such file\n");
  const terminal = await run(["encode", "--pcap", "-"], { outIsTerminal: true });
  assertMatch(terminal.err, /not for a terminal/);
  assertEquals((await run(["encode", "--pcap", "--bytes", "-"])).code, 2);
  assertEquals((await run(["encode", "--raw", "--order", "rfc", "-"])).code, 2);
});

Deno.test("encode: what goes without saying need not be written by hand", async () => {
  const hexOfObject = async (object: Record<string, unknown>) => {
    const { out, err } = await run(["encode", "-"], { input: JSON.stringify({ message: "Path", objects: [object] }) });
    assertEquals(err, "");
    return out.trim().slice(16);
  };
  const session = { name: "SESSION", protocolId: 17, destinationPort: 5004 };
  assertEquals(await hexOfObject({ ...session, destinationAddress: "10.0.0.1" }), "000c01010a0000011100138c");
  assertEquals(
    await hexOfObject({ ...session, destinationAddress: "::1" }),
    "00180102" + "0".repeat(30) + "01" + "1100138c",
  );
  assertEquals(
    await hexOfObject({ name: "ERROR_SPEC", errorNodeAddress: "10.0.0.1", errorCode: 1, errorValue: 2 }),
    "000c06010a00000100010002",
  );
  assertEquals(await hexOfObject({ name: "STYLE", optionVector: 10 }), "000808010000000a");
});

Deno.test("encode refuses by name what there is not, unless it is raw", async () => {
  const object = { name: "SESSION", ctype: 1, destinationAddress: "10.0.0.1", protocolId: 17, destinationPort: 5004 };
  const cases: [Record<string, unknown>, string][] = [
    [{ ...object, name: "SESION" }, 'objects[0]: unknown object "SESION", did you mean "SESSION"?'],
    [
      { ...object, destinationAdress: "::1" },
      'objects[0].SESSION: no field "destinationAdress", did you mean "destinationAddress"?',
    ],
    [{ ...object, ctype: undefined, form: "ipv4" }, 'objects[0].SESSION: no form "ipv4", did you mean "IPv4"?'],
    [{ name: "STYLE", style: "FF" }, 'objects[0].STYLE: no field "style"; there are flags, optionVector'],
    [{ name: "SESSION", destinationAddress: "::1", protocolId: 17 }, "objects[0].SESSION.destinationPort: is missing"],
    [
      { name: "ADSPEC", ctype: 2, messageFormatVersion: 0, services: [{ name: "GENERL", parameters: [] }] },
      'objects[0].ADSPEC.services[0]: unknown item "GENERL", did you mean "GENERAL"?',
    ],
  ];
  for (const [bad, expected] of cases) {
    const { code, out, err } = await run(["encode", "-"], {
      input: JSON.stringify({ message: "Path", objects: [bad] }),
    });
    assertEquals([code, out, err], [1, "", `resv: standard input: message 1: ${expected}\n`]);
  }
  const unknown = JSON.stringify({ message: "Path", objcts: [], objects: [{ ...object, flags: 0, more: 1 }] });
  assertMatch((await run(["encode", "-"], { input: unknown })).err, /no member "objcts", did you mean "objects"\?/);
  assertEquals((await run(["encode", "--raw", "-"], { input: unknown })).code, 0);
});

Deno.test("encode reads several files one after the other", async () => {
  await withFile(jsonOf(PATH), (first) =>
    withFile(jsonOf(RESV), async (second) => {
      assertEquals((await run(["encode", first, second])).out, `${PATH}\n${RESV}\n`);
    }));
  assert(encode(decode(bytesOf(PATH))).length === PATH.length / 2);
});
