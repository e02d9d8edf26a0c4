/** RAPI through the signalling service of the host: the same calls and upcalls from another process's side. */
import { openQosHost, Rapi, RAPI_ERR, RAPI_EVENT, RAPI_FLAG, RAPI_RSTYLE, RemoteNode } from "../host/public.ts";
import { assertEquals } from "./assert.ts";
import { loopback } from "./loopback.ts";
import { FLOWSPEC, Program, TSPEC } from "./rapi_fixture.ts";

const NETWORK = `127.${loopback(9)}.1`;
const ALICE = `${NETWORK}.2`, BOB = `${NETWORK}.3`;

/** Waits until it holds; fails if it does not in five seconds. */
async function until(what: string, condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 5_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 3))) {
    if (Date.now() > end) throw new Error(`gave up waiting until ${what}`);
  }
}

Deno.test("rapi, through the service: a reservation comes and goes, and refusals are upcalls", async () => {
  const folder = await Deno.makeTempDir();
  const alice = await openQosHost({ interfaces: [{ address: `${ALICE}/24` }], service: false });
  const bob = await openQosHost({ interfaces: [{ address: `${BOB}/24` }], service: `${folder}/resv.sock` });
  const remote = await RemoteNode.connect({ path: `${folder}/resv.sock` });
  try {
    const dest = { address: BOB, port: 5004 };
    const receiver = new Program(new Rapi(remote), dest), sender = new Program(new Rapi(alice.node), dest);
    await until("the session is there", () => bob.embedded!.inspect("sessions").length === 1);
    sender.rapi.sender(sender.sid, { lhost: { address: "0.0.0.0", port: 4000 }, senderTspec: TSPEC });
    await until("the receiver hears", () => receiver.events(RAPI_EVENT.PATH_EVENT).length > 0);
    const [{ filters, flows }] = receiver.events(RAPI_EVENT.PATH_EVENT);
    assertEquals(flows, [TSPEC]);
    const flags = RAPI_FLAG.REQ_CONFIRM;
    receiver.rapi.reserve(receiver.sid, { flags, styleId: RAPI_RSTYLE.SE, filters, flowspecs: [FLOWSPEC] });
    await until("it is confirmed", () => receiver.events(RAPI_EVENT.RESV_CONFIRM).length === 1);
    assertEquals(sender.events(RAPI_EVENT.RESV_EVENT).map(({ style, flows }) => [style, flows]), [[
      RAPI_RSTYLE.SE,
      [FLOWSPEC],
    ]]);

    const other = new Program(receiver.rapi, dest);
    other.rapi.reserve(other.sid, { styleId: RAPI_RSTYLE.WILDCARD, flowspecs: [FLOWSPEC] });
    await until("the conflict is told", () => other.events(RAPI_EVENT.RESV_ERROR).length === 1);
    assertEquals(other.events(RAPI_EVENT.RESV_ERROR)[0].errorCode, 5);
    const portless = new Program(receiver.rapi, { address: BOB }, { protid: 99 });
    portless.rapi.sender(portless.sid, { lhost: { address: BOB, port: 7 }, senderTspec: TSPEC });
    await until("the port is refused", () => portless.events(RAPI_EVENT.PATH_ERROR).length === 1);
    const [{ errorCode, errorValue }] = portless.events(RAPI_EVENT.PATH_ERROR);
    assertEquals([errorCode, errorValue], [20, RAPI_ERR.BADSPORT]);

    receiver.rapi.close();
    await until("nothing is reserved", () => sender.events(RAPI_EVENT.RESV_EVENT).at(-1)!.flows.length === 0);
    sender.rapi.close();
    await until("nothing is left", () => bob.embedded!.inspect("sessions").length === 0);
  } finally {
    remote.close();
    await Promise.all([alice.close(), bob.close()]);
    await Deno.remove(folder, { recursive: true });
  }
});
