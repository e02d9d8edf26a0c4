/** UDP encapsulation: RFC 2205 appendix C, figures 13 and 14. */
import { ENCAPSULATION, INTERFACE_OPTION } from "../../host/boundary.gen.ts";
import { parseAddress } from "../../host/address.ts";
import { assertEquals } from "../assert.ts";
import { objectOf, type Sent } from "./node.ts";
import { Router, type RouterOptions } from "./router.ts";

const UNICAST = { destination: "192.0.2.20", protocol: 17, port: 5004 };
const ON_LINK = { destination: "10.0.1.77", protocol: 17, port: 5004 };
const GROUP = { destination: "224.1.1.1", protocol: 17, port: 5000 };
const NAME = { 0: "Raw", 1: "UDP 1698", 2: "UDP 1699" } as Record<number, string>;
const how = (sent: Sent) => `${NAME[sent.encapsulation]} to ${sent.destination}`;

/** Hu: a host without raw access whose first-hop router Ra is 10.0.1.254. */
function Hu(session: typeof UNICAST): Router {
  const router = new Router({
    interfaces: "a",
    session,
    interface: {
      a: {
        options: INTERFACE_OPTION.UDP_ONLY,
        udpNextHop: parseAddress("10.0.1.254").bytes,
        udpNextHopFamily: 4,
        udpNextHopTtl: 7,
      },
    },
  });
  router.neighbour("N1", "a");
  router.sender("S1", { out: ["a"] }, { address: router.ownAddress("a") });
  router.callSession(1);
  return router;
}
/** Hr and R(a): nodes with raw access; UDP mode of (a) as told. */
function raw(session: typeof UNICAST, udp: boolean): Router {
  const options: RouterOptions = { interfaces: "ab", session };
  if (udp) options.interface = { a: { options: INTERFACE_OPTION.UDP_ALSO } };
  const router = new Router(options);
  router.neighbour("PA", "a");
  router.neighbour("PB", "b");
  router.sender("S1", { in: "b", out: ["a"] });
  router.path("S1", "PB");
  return router;
}

Deno.test("[2205-C-02] Hu, unicast: to port 1698 of the destination if it is on the link, else of Ra", () => {
  const near = Hu(ON_LINK);
  near.callSender(1, "S1");
  assertEquals(near.messages.map(how), ["UDP 1698 to 10.0.1.77"]);
  const far = Hu(UNICAST);
  far.callSender(1, "S1");
  assertEquals(far.messages.map(how), ["UDP 1698 to 10.0.1.254"]);
});

Deno.test("[2205-C-10] What goes to Ra has the TTL that is configured for it", () => {
  const router = Hu(UNICAST);
  router.callSender(1, "S1");
  assertEquals(router.messages[0].ttl, 7);
});

Deno.test("[2205-C-05] [2205-C-01] Hu, multicast: to port 1698 of 224.0.0.14", () => {
  const router = Hu(GROUP);
  router.callSender(1, "S1");
  assertEquals(router.messages.map(how), ["UDP 1698 to 224.0.0.14"]);
});

for (const [name, session] of [["unicast", UNICAST], ["multicast", GROUP]] as const) {
  const to = session.destination;
  Deno.test(`[2205-C-03] [2205-C-04] [2205-C-06] With raw access, ${name}: raw alone while nobody needs UDP`, () => {
    assertEquals(raw(session, false).messages.map(how), [`Raw to ${to}`]);
  });
  Deno.test(`[2205-C-03] [2205-C-04] [2205-C-06] With raw access, ${name}: raw and a copy to 1699 in UDP mode`, () => {
    const { messages } = raw(session, true);
    assertEquals(messages.map(how), [`Raw to ${to}`, `UDP 1699 to ${to}`]);
    assertEquals(messages.map((sent) => sent.bytes.toString())[0], messages[1].bytes.toString());
    assertEquals(messages.map((sent) => sent.routerAlert), [1, 0]);
  });
}

Deno.test("[2205-3.1.9-01] A ResvConf goes by routing where reservations lead several ways, whoever needs UDP on one of them", () => {
  for (const order of [["H", "R1"], ["R1", "H"]]) {
    const router = new Router({ interfaces: "ac", interface: { a: { options: INTERFACE_OPTION.UDP_ALSO } } });
    router.neighbour("H", "a");
    router.neighbour("R1", "c");
    // A host without raw access sends and receives, and so does somebody beyond R1.
    router.sender("S1", { in: "a", out: ["c"] });
    router.sender("S2", { in: "c", out: ["a"] });
    router.path("S1", "H");
    router.path("S2", "R1");
    for (const hop of order) router.resv(hop, "WF(*{B})");
    router.clear();
    router.resvConfirm("H", "198.51.100.77", "WF(*{B})");
    assertEquals(router.messages.map((sent) => `${sent.interface} ${how(sent)}`), ["route Raw to 198.51.100.77"]);
    router.clear();
    // Its own goes to it, both ways.
    router.resvConfirm("R1", "H", "WF(*{B})");
    assertEquals(router.messages.map((sent) => `${sent.interface} ${sent.encapsulation}`), ["a 0", "a 2"]);
  }
});

Deno.test("[2205-C-02] Hu receives what comes to 1698 and to 1699", () => {
  for (const encapsulation of [ENCAPSULATION.UDP, ENCAPSULATION.UDP_ALTERNATE]) {
    const router = Hu(GROUP);
    router.sender("S2");
    router.path("S2", "N1", { arrival: { encapsulation } });
    assertEquals(router.heard(), ["1: PATH_EVENT S2"]);
  }
});

Deno.test("[2205-C-03] [2205-C-04] [2205-C-06] With raw access 1698 is heard and 1699 ignored", () => {
  const router = raw(UNICAST, false);
  router.clear();
  router.sender("S2", { out: ["b"] });
  router.path("S2", "PA", { arrival: { encapsulation: ENCAPSULATION.UDP_ALTERNATE } });
  assertEquals(router.drops(), ["IGNORED_ENCAPSULATION"]);
  assertEquals(router.senders(), ["S1 from PB"]);
  const destination = router.ownAddress("a");
  router.path("S2", "PA", { arrival: { encapsulation: ENCAPSULATION.UDP, destination } });
  assertEquals(router.senders(), ["S1 from PB", "S2 from PA"]);
});

Deno.test("[2205-C-08] A UDP Path turns UDP mode on for its interface, and copies go to 1699 from then on", () => {
  const router = new Router({ interfaces: "ab", session: GROUP });
  router.neighbour("Hu", "a");
  router.neighbour("PB", "b");
  router.sender("S1", { in: "a", out: ["b"] });
  router.sender("S2", { in: "b", out: ["a"] });
  router.path("S2", "PB");
  assertEquals(router.messages.map(how), ["Raw to 224.1.1.1"]);
  router.clear();
  router.path("S1", "Hu", { arrival: { encapsulation: ENCAPSULATION.UDP, destination: "224.0.0.14" } });
  assertEquals(router.messages.map(how), ["Raw to 224.1.1.1"]);
  assertEquals(router.engine.inspect("interfaces").map((row) => row.udp), [1, 0]);
  router.clear();
  router.advance(30_000);
  const copies = router.messages.filter((sent) => sent.interface === "a").map(how);
  assertEquals(copies, ["Raw to 224.1.1.1", "UDP 1699 to 224.1.1.1"]);
});

Deno.test("[2205-C-09] The TTL of an encapsulated Path is its Send_TTL, so no non-RSVP hop is suspected", () => {
  const router = new Router({ interfaces: "ab", session: GROUP });
  router.neighbour("Hu", "a");
  router.sender("S1", { in: "a", out: ["b"] });
  const udp = { encapsulation: ENCAPSULATION.UDP, destination: "224.0.0.14", ttl: 1 };
  router.path("S1", "Hu", { message: { sendTtl: 63 }, arrival: udp });
  assertEquals(router.messages.map((sent) => [sent.ttl, sent.message.sendTtl]), [[62, 62]]);
  assertEquals(router.engine.inspect("senders").map((row) => [row.nonRsvp, row.ttl]), [[0, 63]]);
});

Deno.test("[2205-C-07] A Resv to a previous hop behind UDP mode goes raw, and as UDP to its port 1699", () => {
  const router = new Router({ interfaces: "ab", session: GROUP });
  router.neighbour("Hu", "a");
  router.neighbour("R1", "b");
  router.sender("S1", { in: "a", out: ["b"] });
  router.path("S1", "Hu", { arrival: { encapsulation: ENCAPSULATION.UDP, destination: "224.0.0.14" } });
  router.clear();
  router.resv("R1", "FF(S1{B})");
  assertEquals(router.messages.map(how), ["Raw to 10.0.1.10", "UDP 1699 to 10.0.1.10"]);
  assertEquals(objectOf(router.messages[1], "STYLE").optionVector, 0x0a);
});

Deno.test("[2205-C-07] A ResvConf for a receiver on a link in UDP mode goes raw, and as UDP to its port 1699", () => {
  const router = raw(UNICAST, true);
  const { address } = router.neighbour("Hu", "a");
  router.neighbour("R2", "a");
  router.resv("R2", "WF(*{4B})");
  router.clear();
  router.resv("Hu", "WF(*{2B})", { confirm: "Hu" });
  const confirmations = router.messages.filter(({ message }) => message.message === "ResvConf");
  assertEquals(confirmations.map(how), [`Raw to ${address}`, `UDP 1699 to ${address}`]);
});

Deno.test("Trace 4 of appendix C: Hr on the link hears raw and the copy to 1699, and processes one", () => {
  const router = raw(GROUP, false);
  router.clear();
  router.sender("S2", { in: "a", out: ["b"] });
  router.path("S2", "PA");
  router.path("S2", "PA", { arrival: { encapsulation: ENCAPSULATION.UDP_ALTERNATE } });
  assertEquals(router.sent(), ["b: Path S2{B}"]);
});
