/**
 * RSVP, the Resource ReSerVation Protocol (RFC 2205): an engine in WebAssembly and a thin host around it.
 *
 * - {@linkcode Network}: whole virtual networks in virtual time; needs no permissions.
 * - {@linkcode RsvpNode}: one node, on sockets or in memory.
 * - {@linkcode QosServiceProvider}: sockets with QOS, whose reservations come and go by themselves.
 * - {@linkcode decode} and {@linkcode encode}: messages as plain values; {@linkcode CaptureStream}: those of captures.
 * - {@linkcode Engine}: the protocol engine itself, typed records in, typed actions out.
 *
 * ```ts
 * import { Network } from "@resv/resv";
 *
 * const network = new Network();
 * const alice = network.host("alice"), r1 = network.router("r1"), bob = network.host("bob");
 * network.link(alice, r1);
 * network.link(r1, bob, { reservableBytesPerSecond: 1_000_000 });
 *
 * const session = { destination: bob.address, protocol: "udp", port: 5004 } as const;
 * alice.send(session, { port: 5004, tokenBucketRateBytesPerSecond: 12_500 });
 * bob.receive(session, { style: "FF" });
 * network.run(1_000);
 *
 * console.log(network.ladder());
 * console.log(r1.inspect("installed"));
 * ```
 *
 * @module
 */
// What runs is host/public.ts with all that it imports in one file (`deno task build` makes it): one module is loaded in a
// third of the time of some eighty. Types and documentation are those of host/public.ts.
// @ts-types="./host/public.ts"
export * from "./host/public.gen.js";
