/**
 * A call by RAPI on real sockets: one host announces a sender, another reserves for it and asks for a confirmation.
 * `deno run --allow-net examples/rapi_call.ts`
 */
import { formatRapiFilter, formatRapiFlowspec, openQosHost, Rapi, RAPI_EVENT, RAPI_FLAG, RAPI_RSTYLE } from "../mod.ts";
import { rapiFlowspec, rapiStrerror, rapiTspec } from "../mod.ts";

const alice = await openQosHost({ interfaces: [{ address: "127.24.1.2/24" }] });
const bob = await openQosHost({ interfaces: [{ address: "127.24.1.3/24" }] });
const dest = { address: "127.24.1.3", port: 5004 };
const voice = { tokenBucketRateBytesPerSecond: 8_500, tokenBucketSizeBytes: 680, maximumPacketSizeBytes: 340 };

// The receiver's program: whenever the list of senders changes, it reserves for those that are in it.
const receiving = new Rapi(bob.node);
let confirmed = false;
const receiver: number = receiving.session(dest, {
  eventRoutine({ eventType, filters, errorCode, errorValue }) {
    if (eventType === RAPI_EVENT.RESV_ERROR) console.log("bob:", rapiStrerror(errorCode, errorValue));
    if (eventType === RAPI_EVENT.RESV_CONFIRM) confirmed = true;
    if (eventType !== RAPI_EVENT.PATH_EVENT || filters.length === 0) return;
    console.log("bob hears of", filters.map(formatRapiFilter).join(", "));
    receiving.reserve(receiver, {
      flags: RAPI_FLAG.REQ_CONFIRM,
      styleId: RAPI_RSTYLE.FIXED,
      filters,
      flowspecs: filters.map(() => rapiFlowspec({ ...voice, rateBytesPerSecond: 10_000 })),
    });
  },
});

// The sender's program.
const sending = new Rapi(alice.node);
let reserved = "";
const sender = sending.session(dest, {
  eventRoutine({ eventType, flows }) {
    if (eventType === RAPI_EVENT.RESV_EVENT && flows.length > 0) reserved = formatRapiFlowspec(flows[0]);
  },
});
sending.sender(sender, { lhost: { address: "0.0.0.0", port: 4000 }, senderTspec: rapiTspec(voice) });

// Upcalls happen in dispatch only; the event source says when there is something to dispatch.
while (!confirmed || !reserved) {
  await Promise.race([receiving.getfd(receiver)!.readable(), sending.getfd(sender)!.readable()]);
  receiving.dispatch();
  sending.dispatch();
}
console.log("alice has", reserved);
console.log("bob: confirmed");

receiving.release(receiver);
sending.release(sender);
await Promise.all([alice.close(), bob.close()]);
