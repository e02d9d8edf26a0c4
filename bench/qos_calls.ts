/**
 * What a call of a QOS socket costs in process, signalling included: `deno run -A --config bench/deno.json
 * bench/qos_calls.ts`. Two hosts with a router between, in virtual time; each figure is the median of a thousand calls.
 */
import { Network } from "../host/network/network.ts";
import { Rapi, RAPI_RSTYLE, rapiFlowspec, rapiTspec } from "../host/public.ts";
import { QosServiceProvider } from "../host/qos/service_provider.ts";
import { SERVICE_TYPE } from "../host/qos/service_types.ts";

const CALLS = 1_000, WARM_UP = 300;
const network = new Network();
const alice = network.host("alice"), router = network.router("router"), bob = network.host("bob");
network.link(alice, router);
network.link(router, bob);
const sending = new QosServiceProvider(alice.rsvp), receiving = new QosServiceProvider(bob.rsvp);
const receivingFlowspec = { serviceType: SERVICE_TYPE.CONTROLLEDLOAD };
const sendingFlowspec = (rate: number) => ({
  serviceType: SERVICE_TYPE.CONTROLLEDLOAD,
  tokenRateBytesPerSecond: rate,
});

const took = new Map<string, number[]>();

/** Calls, and remembers how long it took. */
function timed<T>(name: string, call: () => T): T {
  const start = performance.now();
  const result = call();
  const microseconds = (performance.now() - start) * 1000;
  const list = took.get(name) ?? [];
  took.set(name, list);
  list.push(microseconds);
  return result;
}

function round(index: number): void {
  const to = { address: bob.address, port: 10_000 + index }, from = { address: alice.address, port: 10_000 + index };
  const receiver = timed("endpoint", () => receiving.endpoint("udp"));
  timed("bind", () => receiver.bind(to));
  timed("setQos (receiving)", () => receiver.setQos({ receivingFlowspec }));
  const sender = sending.endpoint("udp").bind(from);
  timed("connect (sending)", () => sender.connect(to, { sendingFlowspec: sendingFlowspec(8_500) }));
  network.settle();
  timed("setQos (changed rate)", () => sender.setQos({ sendingFlowspec: sendingFlowspec(9_000) }));
  timed("transmit", () => sender.transmit(to, 200, 0));
  timed("checkQos", () => sender.checkQos(50_006));
  network.settle();
  timed("close (receiver)", () => receiver.close());
  timed("close (sender)", () => sender.close());
  network.settle();
}

const rapis = [new Rapi(alice.rsvp), new Rapi(bob.rsvp)];
const bucket = { tokenBucketRateBytesPerSecond: 8_500 };

function rapiRound(index: number): void {
  const [source, target] = rapis;
  const dest = { address: bob.address, port: 30_000 + index };
  const receiver = timed("rapi.session", () => target.session(dest, { eventRoutine: () => {} }));
  const sender = source.session(dest, { eventRoutine: () => {} });
  const lhost = { address: alice.address, port: 4_000 };
  timed("rapi.sender", () => source.sender(sender, { lhost, senderTspec: rapiTspec(bucket) }));
  network.settle();
  const flowspecs = [rapiFlowspec(bucket)];
  timed("rapi.reserve", () => target.reserve(receiver, { styleId: RAPI_RSTYLE.WILDCARD, flowspecs }));
  network.settle();
  timed("rapi.dispatch", () => source.dispatch());
  timed("rapi.release", () => target.release(receiver));
  source.release(sender);
  network.settle();
}

for (let index = 0; index < WARM_UP; index++) round(index), rapiRound(index);
took.clear();
for (let index = 0; index < CALLS; index++) round(index), rapiRound(index);
for (const [name, list] of took) {
  list.sort((a, b) => a - b);
  const at = (share: number) => list[Math.floor(list.length * share)].toFixed(1).padStart(7);
  console.log(`${name.padEnd(24)} median ${at(0.5)} us, 99 of 100 below ${at(0.99)} us`);
}
