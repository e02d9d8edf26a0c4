/**
 * The captures beside the repository, which nobody here wrote: what we decode is what tshark decodes, and every message
 * is written again as it came. The differences that are right are listed in tests/captures_mapping.ts.
 */
import { type CapturedMessage, readCaptured } from "../host/capture.ts";
import { openCapture } from "../host/capture_engine.ts";
import type { Message } from "../host/codec.ts";
import { assert, assertEquals, assertGreater } from "./assert.ts";
import { codec } from "./captures_codec.ts";
import { type Decoded, differences, inTsharkWords, JUSTIFIED } from "./captures_mapping.ts";
import { type HexMessage, readHex, readManifest, readTshark, runTshark } from "./captures_tshark.ts";
import { CAPTURES, has, needs } from "./require.ts";

const MANIFEST = has("captures") ? readManifest() : [];
const WELL_FORMED = MANIFEST.filter(({ malformed }) => malformed.length === 0).map(({ file }) => file);
const MALFORMED = MANIFEST.filter(({ malformed }) => malformed.length > 0);

const messagesOf = (file: string): Map<number, HexMessage> =>
  new Map(readHex(file).map((message) => [message.frame, message]));

Deno.test({
  name: "captures: header, checksum verdict and object list of every well-formed message are tshark's",
  ...needs("captures"),
  async fn(t) {
    assertGreater(WELL_FORMED.length, 5);
    for (const file of WELL_FORMED) {
      await t.step(file, () => {
        const messages = messagesOf(file);
        const entry = MANIFEST.find((one) => one.file === file)!;
        const theirs = readTshark(file);
        assertEquals(theirs.length, entry.rsvp);
        const types: Record<string, number> = {};
        for (const { frame, type, version, flags, length, sendTtl, objects } of theirs) {
          const { bytes, checksum } = messages.get(frame)!;
          const ours = codec().decode(bytes);
          assertEquals(
            [ours.type, ours.version, ours.flags, ours.length, ours.sendTtl, ours.checksum],
            [type, version, flags, length, sendTtl, checksum],
            `header of frame ${frame}`,
          );
          assertEquals(
            ours.objects.map((object) => [object.class, object.ctype, object.length]),
            objects.map((object) => [object.class, object.ctype, object.length]),
            `objects of frame ${frame}`,
          );
          types[ours.message] = (types[ours.message] ?? 0) + 1;
        }
        assertEquals(types, { ...entry.types });
      });
    }
  },
});

Deno.test({
  name: "captures: every field of every object that tshark shows has the same value here",
  ...needs("captures"),
  async fn(t) {
    let compared = 0;
    for (const file of WELL_FORMED) {
      await t.step(file, () => {
        const messages = messagesOf(file);
        const found: string[] = [];
        for (const { frame, objects } of readTshark(file)) {
          const ours = codec().decode(messages.get(frame)!.bytes).objects as Decoded[];
          objects.forEach(({ fields }, index) => {
            if (!fields) return;
            compared++;
            found.push(...differences(ours[index], fields).map((text) => `frame ${frame}: ${text}`));
          });
        }
        assertEquals(found, []);
      });
    }
    // The JSON beside the longest capture holds its first 40 messages; without this bound nothing might be compared.
    assertGreater(compared, 300);
  },
});

Deno.test({
  name: "captures: the comparison finds a change of any field, and every justified difference occurs",
  ...needs("captures"),
  fn() {
    const changed = new Set<string>();
    const justified = new Set<string>();
    for (const file of WELL_FORMED) {
      const messages = messagesOf(file);
      for (const { frame, objects } of readTshark(file)) {
        const ours = codec().decode(messages.get(frame)!.bytes).objects as Decoded[];
        objects.forEach(({ fields }, index) => {
          if (!fields) return;
          for (const name of Object.keys(fields)) if (name in JUSTIFIED) justified.add(name);
          for (const name of Object.keys(inTsharkWords(ours[index]))) {
            const values = fields[name];
            if (!values?.length) continue;
            const planted = { ...fields, [name]: [values[0] + "1", ...values.slice(1)] };
            assertEquals(differences(ours[index], planted).length, 1, `${name} of frame ${frame}`);
            changed.add(name);
          }
        });
      }
    }
    assertGreater(changed.size, 50);
    assertEquals([...justified].sort(), Object.keys(JUSTIFIED).sort());
  },
});

Deno.test({
  name: "captures: every well-formed message is written again byte for byte, from plain values too",
  ...needs("captures"),
  fn() {
    let count = 0;
    for (const file of WELL_FORMED) {
      for (const { frame, bytes } of readHex(file)) {
        const message = codec().decode(bytes);
        assertEquals(codec().encode(message), bytes, `${file} frame ${frame}`);
        const plain = JSON.parse(JSON.stringify(message)) as Message;
        assertEquals(codec().encode(plain), bytes, `${file} frame ${frame} by way of JSON`);
        count++;
      }
    }
    assertGreater(count, 140);
  },
});

Deno.test({
  name: "captures: a broken message is refused with status, object and offset, and none of them traps",
  ...needs("captures"),
  fn() {
    const seen: Record<string, string[]> = {};
    for (const { file, malformed } of MALFORMED) {
      const messages = messagesOf(file);
      for (const [frame] of malformed) {
        const result = codec().tryDecode(messages.get(frame)!.bytes);
        assert(!result.ok, `${file} frame ${frame} was taken for a message`);
        (seen[file] ??= []).push(`${result.status} ${result.offset}`);
      }
    }
    assertEquals(seen, {
      "hexvec-juniper-hello-snap64.pcap": ["BAD_LENGTH 6"],
      "tcpdump__rsvp-infinite-loop.pcap": Array(5).fill("OBJECT_LENGTH 16"),
      "tcpdump__rsvp_uni-oobr-1.pcap": ["BAD_LENGTH 6"],
      "tcpdump__rsvp_uni-oobr-3.pcap": ["BAD_LENGTH 6", "BAD_LENGTH 6"],
    });
  },
});

/** Recorded from other implementations: freeRtr's RSVP-TE, KOM's RSVP. There is no reading of tshark beside them. */
const PEERS = has("captures")
  ? [...Deno.readDirSync(CAPTURES + "peers")].filter(({ name }) => /\.pcap$/.test(name)).map(({ name }) =>
    `peers/${name}`
  )
  : [];

Deno.test({
  name:
    "captures: every message, those of other implementations too, is read as this machine's tshark reads it, and written again",
  ...needs("captures", "tshark"),
  async fn(t) {
    assertGreater(PEERS.length, 2);
    for (const name of [...PEERS, ...WELL_FORMED]) {
      await t.step(name, async () => {
        const reader = openCapture("packets");
        const captured: CapturedMessage[] = [];
        reader.feed(Deno.readFileSync(`${CAPTURES}${name}`), (found) => captured.push(...readCaptured(found)));
        assertEquals(reader.end().status, "OK");
        const theirs = await runTshark(`${CAPTURES}${name}`);
        assertEquals(
          captured.map(({ frame, source, destination, ttl }) => [frame, source, destination, ttl]),
          theirs.map(({ frame, source, destination, ttl }) => [frame, source, destination, ttl]),
        );
        const found: string[] = [];
        captured.forEach(({ frame, payload }, index) => {
          const ours = codec().decode(payload);
          const { type, sendTtl, length, objects } = theirs[index];
          assertEquals([ours.type, ours.sendTtl, ours.length], [type, sendTtl, length]);
          if (PEERS.includes(name)) assertEquals(ours.checksum, "ok");
          assertEquals(
            ours.objects.map((object) => [object.class, object.ctype, object.length]),
            objects.map((object) => [object.class, object.ctype, object.length]),
            `objects of frame ${frame}`,
          );
          objects.forEach(({ fields }, at) => {
            if (!fields) return;
            found.push(...differences(ours.objects[at] as Decoded, fields).map((text) => `frame ${frame}: ${text}`));
          });
          assertEquals(codec().encode(ours), payload, `frame ${frame}`);
        });
        assertEquals(found, []);
      });
    }
  },
});
