/**
 * Every vector of the catalogue, in a message of its own, read by tshark: no malformed mark where tshark knows the class,
 * and the same values where the catalogue's layout comes from dissectors because the RFC's text is not at hand.
 */
import { OBJECTS } from "../catalogue/index.ts";
import type { ObjectDescription } from "../catalogue/schema.ts";
import { assert, assertEquals, assertStringIncludes } from "./assert.ts";
import { fromHex } from "./catalogue_fixture.ts";
import { needs } from "./require.ts";

interface Sample {
  readonly object: ObjectDescription;
  readonly vector: string;
}

function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A Path (or Hello) with a SESSION before the vector, since tshark's one-line summary asks for one, in an IPv4 packet. */
function packet({ object, vector }: Sample): Uint8Array {
  const alone = object.class === 1 || object.class === 22;
  const body = fromHex((alone ? "" : "000c0101c00002141100138c") + vector);
  const length = 8 + body.length;
  const bytes = new Uint8Array(20 + length), view = new DataView(bytes.buffer);
  bytes.set([0x45, 0, 0, 0, 0, 1, 0, 0, 63, 46, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
  view.setUint16(2, bytes.length);
  view.setUint16(10, checksum(bytes.subarray(0, 20)));
  bytes.set([0x10, object.class === 22 ? 20 : 1, 0, 0, 63, 0], 20);
  view.setUint16(26, length);
  bytes.set(body, 28);
  view.setUint16(22, checksum(bytes.subarray(20)));
  return bytes;
}

/** A pcap of raw IP packets. */
function capture(packets: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(24 + packets.reduce((sum, one) => sum + 16 + one.length, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xa1b2c3d4);
  view.setUint16(4, 2);
  view.setUint16(6, 4);
  view.setUint32(16, 65535);
  view.setUint32(20, 101);
  let at = 24;
  for (const one of packets) {
    view.setUint32(at + 8, one.length);
    view.setUint32(at + 12, one.length);
    bytes.set(one, at + 16);
    at += 16 + one.length;
  }
  return bytes;
}

const samples: readonly Sample[] = OBJECTS.flatMap((object) => object.vectors.map((vector) => ({ object, vector })));

/** tshark's full text for each sample. */
function dissected(): string[] {
  const path = Deno.makeTempFileSync({ suffix: ".pcap" });
  try {
    Deno.writeFileSync(path, capture(samples.map(packet)));
    const { stdout } = new Deno.Command("tshark", { args: ["-n", "-V", "-r", path], stderr: "null" }).outputSync();
    return new TextDecoder().decode(stdout).split(/^Frame \d+: /m).slice(1);
  } finally {
    Deno.removeSync(path);
  }
}

/**
 * Where tshark 4.0 marks what the RFC allows, and why. An entry is `class/C-Type` or, where other vectors of the C-Type are
 * read well, the vector's beginning.
 */
const TSHARK_FAULTS: Readonly<Record<string, string>> = {
  "1/8": "takes an IPv6 address for an IPv4 address",
  "10/8": "takes an IPv6 address for an IPv4 address",
  "11/8": "takes an IPv6 address for an IPv4 address",
  "1/9": "looks for an Extended IPv4 Address, which RFC 3175 does not have",
  "1/14": "takes the 16-byte Extended Tunnel ID for an IPv4 address",
  "193/2": "reads a draft in which an IGP instance stood before the actions (RFC 6107 3.1.3 has the actions there)",
  "193/3": "as 193/2",
  "00100906000205dc": "reads past a Layer 2 Control Protocol TLV",
  "00100c06000205dc": "reads past a Layer 2 Control Protocol TLV",
  "0024e50100140102": "reads past every NSAP address",
  "0020e501001c0103": "reads past every NSAP address",
};

const faultOf = ({ object, vector }: Sample): string | undefined =>
  Object.keys(TSHARK_FAULTS).find((key) => key === `${object.class}/${object.ctype}` || vector.startsWith(key));

Deno.test({
  name: "tshark finds no vector malformed, but for a written list of its own faults",
  ...needs("tshark"),
  fn() {
    const texts = dissected();
    assertEquals(texts.length, samples.length);
    const marked: string[] = [], used = new Set<string>();
    samples.forEach((sample, index) => {
      if (sample.object.opaque !== undefined) return;
      const marks = /\[Malformed Packet|\/Malformed\): [^\]]*|Invalid (TLV )?length$/m.exec(texts[index]);
      if (!marks) return;
      const fault = faultOf(sample);
      if (fault === undefined) marked.push(`${sample.object.name} ${sample.object.form} ${sample.vector}: ${marks[0]}`);
      else used.add(fault);
    });
    assertEquals(marked, []);
    // A fault that a later tshark no longer has may stay listed; one that this tshark never had may not.
    const version = new TextDecoder().decode(
      new Deno.Command("tshark", { args: ["-v"], stderr: "null" }).outputSync().stdout,
    );
    if (/^TShark \(Wireshark\) 4\.0\./m.test(version)) {
      assertEquals([...used].sort(), Object.keys(TSHARK_FAULTS).sort());
    }
  },
});

/** What tshark must say about a vector whose layout the catalogue takes from dissectors. */
const READINGS: readonly [string, readonly string[]][] = [
  ["0010410100000002", ["MAPnb: 2", "MAP: EXP 5, DSCP 46"]],
  ["000841020000b800", ["PSC: DSCP 46"]],
  ["0008420100000003", ["CT: 3"]],
  ["00140c0406010001", ["Signal Type: STS-3c SPE / VC-4 (6)", "(RCC): 1", "(NCC): 1", "(NVC): 0", "(MT): 1"]],
  ["00140c0502000001", ["Signal Type: ODU2", "(NMC): 1", "(NVC): 0", "(MT): 1"]],
  ["00200c06000105dc", ["Ethernet port (1)", "MTU: 1500", "Color Mode (CM): Set", "CIR: 1.25e+06", "EBS: 30000"]],
  ["0010010b0a000005", ["Destination address: 10.0.0.5", "Tunnel ID: 1", "Extended IPv4 Address: 10.0.0.1"]],
  ["0010010f0a000005", ["Destination address: 10.0.0.5", "Tunnel ID: 1", "Extended IPv4 Address: 10.0.0.1"]],
  ["0014e50100080101", ["Source TNA: 10.0.0.1", "Destination TNA: 10.0.0.2"]],
  ["001ce50100100401", ["Downstream", "Label type: 1", "Logical Port ID: 7", "Label: 16", "Service Level: 3"]],
  ["0014e60101000000", ["Address type: 1 (IPv4)", "Address: 10.0.0.1", "Local Identifier: 0000000000000007"]],
  ["0020e60201555341", ["International Segment: USA", "National Segment: CARRIER00001", "Address: 10.0.0.1"]],
  ["0010cc0100020000", ["Num TLVs: 2", "Cos: 0x0005", "Path type: Primary"]],
  ["000c250250100010", ["LSP Flags: 0x10", "Link Flags: 0x10 - Dedicated1+1", "In-Place: Yes", "Required: Yes"]],
  ["0008c40100000006", ["Testing: True", "Administratively down: True", "Delete in progress: False"]],
  ["005c06030a000002", ["Downstream-Label TLV - 16", "Node-ID TLV - 10.0.0.9", "AS TLV - 65000", "Previous-Hop IPv6"]],
  ["004406030a000002", ["Interface Index Incoming", "Interface-ID: 5", "Incoming-Upstream-Label TLV - 19"]],
];

Deno.test({
  name: "layouts taken from dissectors are read by tshark as the catalogue reads them",
  ...needs("tshark"),
  fn() {
    const texts = dissected();
    for (const [start, readings] of READINGS) {
      const index = samples.findIndex(({ vector }) => vector.startsWith(start));
      assert(index >= 0, `no vector starts with ${start}`);
      for (const reading of readings) assertStringIncludes(texts[index], reading, start);
    }
  },
});
