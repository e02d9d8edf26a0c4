/**
 * What every runtime must do alike: decode a PATH, and run a whole PATH, RESV and confirmation through a router, with the
 * committed engine. Nothing of any runtime is used here, so that the same bundle runs in all of them.
 */
import { Codec } from "../../host/codec.ts";
import { CodecEngine } from "../../host/codec_engine.ts";
import { decode, Network } from "../../mod.ts";

/** A Path of 10.0.0.2 port 4000 to 203.0.113.7 port 5004, UDP, written by hand; its checksum is right. */
export const PATH_HEX = "10010d643f000060" + // header: Path, TTL 63, 96 bytes
  "000c0101cb0071071100138c" + // SESSION 203.0.113.7 UDP 5004
  "000c03010a00000100000001" + // RSVP_HOP 10.0.0.1, handle 1
  "0008050100007530" + // TIME_VALUES 30,000 ms
  "000c0b010a00000200000fa0" + // SENDER_TEMPLATE 10.0.0.2 port 4000
  "00240c0200000007010000067f00000547c3500046bb800047c3500000000040000005dc" + // SENDER_TSPEC
  "00080d0200000000"; // ADSPEC with no fragments

/** What happened, as plain values: the same in every runtime, byte for byte. */
export interface Outcome {
  decoded: unknown;
  /** Message names in the order in which they were sent. */
  messages: string[];
  ladder: string;
  installed: unknown[];
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Runs it. `module` is the compiled engine, for runtimes that do not compile from bytes; else the embedded one. */
export function exchange(module?: WebAssembly.Module): Outcome {
  const network = new Network({ seed: 7, module });
  const [sender, router, receiver] = [network.host("sender"), network.router("router"), network.host("receiver")];
  network.link(sender, router);
  network.link(router, receiver, { reservableBytesPerSecond: 1_000_000 });
  const session = { destination: receiver.address, port: 5004 };
  receiver.receive(session, { style: "FF", confirm: true });
  sender.send(session, { port: 4000, tokenBucketRateBytesPerSecond: 100_000 });
  if (!network.settle()) throw new Error("the network does not come to rest");
  const path = bytesOf(PATH_HEX);
  const message = module ? new Codec(CodecEngine.of(module)).decode(path) : decode(path);
  return {
    decoded: { message: message.message, checksum: message.checksum, objects: message.objects },
    messages: network.messages().map((line) => line.message),
    ladder: network.ladder(),
    installed: router.inspect("installed"),
  };
}
