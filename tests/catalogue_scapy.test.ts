/**
 * Messages that the codec makes of every vector of the catalogue, read by scapy: it finds the object with its class,
 * C-Type and length and the object after it, and where it has fields for a class, they have our values.
 */
import { OBJECTS } from "../catalogue/index.ts";
import type { ObjectDescription } from "../catalogue/schema.ts";
import { encode } from "../host/default_codec.ts";
import { decodeObjects } from "../host/object_list.ts";
import { assert, assertEquals } from "./assert.ts";
import { toHex } from "./catalogue_fixture.ts";
import { bytesOf } from "./codec_vectors.ts";
import { needs, scapyPython } from "./require.ts";

/** Reads messages in hex, a line each, and prints what scapy makes of each as a line of JSON. */
const SCRIPT = `
import json, sys
from scapy.contrib.rsvp import RSVP
for line in sys.stdin:
    layers, layer = [], RSVP(bytes.fromhex(line))
    while layer:
        fields = {k: v.hex() if isinstance(v, bytes) else v for k, v in layer.fields.items()}
        layers.append({"layer": type(layer).__name__, **fields})
        layer = layer.payload
    print(json.dumps(layers))
`;

// deno-lint-ignore no-explicit-any
type Layer = Record<string, any>;

interface Sample {
  readonly object: ObjectDescription;
  // deno-lint-ignore no-explicit-any
  readonly decoded: any;
  readonly message: Uint8Array;
}

const TIME_VALUES = "0008050100007531";

/** A message of each vector and a TIME_VALUES after it, which shows that scapy saw where the object ends. */
const SAMPLES: readonly Sample[] = OBJECTS.flatMap((object) =>
  object.vectors.map((vector) => {
    const objects = decodeObjects(bytesOf(vector + TIME_VALUES));
    return { object, decoded: objects[0], message: encode({ message: "Path", objects }) };
  })
);

async function dissected(): Promise<Layer[][]> {
  const child = new Deno.Command(scapyPython()!, { args: ["-c", SCRIPT], stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(SAMPLES.map(({ message }) => toHex(message) + "\n").join("")));
  await writer.close();
  const { stdout, success } = await child.output();
  assert(success);
  return new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => JSON.parse(line));
}

function version(): string {
  const args = ["-c", "import scapy; print(scapy.__version__)"];
  return new TextDecoder().decode(new Deno.Command(scapyPython()!, { args }).outputSync().stdout);
}

/** Where scapy takes one layout of a class for all, and so does not find the object's end: class/C-Type, or class. */
const SCAPY_FAULTS: Readonly<Record<string, string>> = {
  "3": "reads eight bytes of every RSVP_HOP, as if all were IPv4",
  "12/3": "reads eight bytes of IntServ headers of every SENDER_TSPEC",
  "12/8": "reads eight bytes of IntServ headers of every SENDER_TSPEC",
  "19/2": "reads four bytes of every LABEL_REQUEST, as if it had no range",
  "19/3": "reads four bytes of every LABEL_REQUEST, as if it had no range",
  "207/1": "reads no affinities of a SESSION_ATTRIBUTE",
  "207/7": "reads the name without its padding",
};

/** The fields that scapy has, in our names; undefined where it shows bytes. */
function expectedFields({ decoded, object }: Sample): Layer | undefined {
  switch (`${object.class}/${object.ctype}`) {
    case "3/1":
      return { layer: "RSVP_HOP", neighbor: decoded.hopAddress, inface: decoded.logicalInterfaceHandle };
    case "5/1":
      return { layer: "RSVP_Time", refresh: decoded.refreshPeriodMs };
    case "12/2":
      return { layer: "RSVP_SenderTSPEC", Msg_Format: 0, Srv_hdr: decoded.service ?? decoded.services[0].type };
    case "19/1":
      return { layer: "RSVP_LabelReq", L3PID: decoded.l3Pid };
    case "207/7":
      return {
        layer: "RSVP_SessionAttrb",
        Setup_priority: decoded.setupPriority,
        Hold_priority: decoded.holdingPriority,
        flags: decoded.flags,
      };
    default:
      return undefined;
  }
}

Deno.test({
  name: "scapy reads the messages that the codec makes of every vector, but for a written list of its own faults",
  ...needs("scapy"),
  async fn() {
    const all = await dissected();
    assertEquals(all.length, SAMPLES.length);
    const wrong: string[] = [], used = new Set<string>();
    let fields = 0;
    SAMPLES.forEach((sample, index) => {
      const { object, message } = sample, [header, first, body, next, time] = all[index];
      const name = `${object.name} ${object.form} ${toHex(message)}`;
      assertEquals([header.layer, header.Class, header.Length], ["RSVP", 1, message.length], name);
      const { length } = sample.decoded;
      assertEquals([first.layer, first.Class, first.Length], ["RSVP_Object", object.class, length], name);
      if (!object.anyCType) assertEquals(first.C_Type, object.ctype, name);
      const expected = expectedFields(sample);
      if (expected) {
        fields++;
        const seen = Object.fromEntries(Object.keys(expected).map((key) => [key, body[key]]));
        assertEquals(seen, expected, name);
      }
      // An object without a body has no layer for it.
      const [after, value] = body?.layer === "RSVP_Object" ? [body, next] : [next, time];
      if (after?.layer === "RSVP_Object" && after.Class === 5 && value?.refresh === 30001) return;
      const fault = [`${object.class}/${object.ctype}`, `${object.class}`].find((key) => key in SCAPY_FAULTS);
      if (fault === undefined) wrong.push(name);
      else used.add(fault);
    });
    assertEquals(wrong, []);
    assert(fields >= 5, "no class of scapy's own was compared");
    // A fault that a later scapy no longer has may stay listed; one that this scapy never had may not.
    if (version().startsWith("2.5.")) assertEquals([...used].sort(), Object.keys(SCAPY_FAULTS).sort());
  },
});
