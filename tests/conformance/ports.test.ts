/** Ports: RFC 2205 section 3.2, RFC 2209 "MESSAGE ARRIVES" and "PATH MESSAGE ARRIVES". */
import { assertEquals } from "../assert.ts";
import { Router, type Session } from "./router.ts";

const D = "192.0.2.20";
const udp = (port: number): Session => ({ destination: D, protocol: 17, port });

function router(): Router {
  const made = new Router();
  made.neighbour("P1", "a");
  made.neighbour("R1", "c");
  made.route("*", { out: ["c"] });
  made.sender("S1");
  made.sender("S7", undefined, { address: "10.9.0.1", port: 7 });
  made.sender("S8", undefined, { address: "10.9.0.1", port: 8 });
  made.sender("S0", undefined, { address: "10.9.0.1", port: 0 });
  return made;
}
const sessions = (subject: Router) => subject.engine.inspect("sessions").length;

Deno.test("[2205-3.2-01] [2209-2-PATH-01] A session with port 0 beside one with a port draws PathErr 07", () => {
  const subject = router();
  subject.path("S1", "P1", { session: udp(5000) });
  subject.clear();
  subject.path("S0", "P1", { session: udp(0) });
  assertEquals(subject.sent(), ["a: PathErr 7/0x0000 S0"]);
  assertEquals(subject.drops(), ["DESTINATION_PORT_CONFLICT"]);
  assertEquals([sessions(subject), subject.senders()], [1, ["S1 from P1"]]);
});

Deno.test("[2205-3.2-01] [2209-2-PATH-01] A session with a port beside one with port 0 draws PathErr 07", () => {
  const subject = router();
  subject.path("S0", "P1", { session: udp(0) });
  subject.clear();
  subject.path("S1", "P1", { session: udp(5000) });
  assertEquals(subject.sent(), ["a: PathErr 7/0x0000 S1"]);
  assertEquals([sessions(subject), subject.senders()], [1, ["S0 from P1"]]);
});

Deno.test("[2205-3.2-01] Zero and non-zero ports of different protocols or destinations do not conflict", () => {
  const subject = router();
  subject.path("S1", "P1", { session: udp(5000) });
  subject.clear();
  subject.path("S0", "P1", { session: { destination: D, protocol: 6, port: 0 } });
  subject.path("S0", "P1", { session: { destination: "192.0.2.21", protocol: 17, port: 0 } });
  assertEquals(subject.sent(), ["c: Path S0{B}", "c: Path S0{B}"]);
  assertEquals(sessions(subject), 3);
});

Deno.test("[2205-3.2-01] Once the session with a port is gone, one without may come", () => {
  const subject = router();
  subject.path("S1", "P1", { session: udp(5000) });
  subject.pathTear("S1", "P1", { session: udp(5000) });
  subject.clear();
  subject.path("S0", "P1", { session: udp(0) });
  assertEquals(subject.sent(), ["c: Path S0{B}"]);
});

Deno.test("[2205-3.2-02] [2209-2-MSG-02] A SrcPort with DstPort zero is silently discarded", () => {
  const subject = router();
  subject.path("S7", "P1", { session: udp(0) });
  assertEquals(subject.sent(), []);
  assertEquals(subject.drops(), ["PORT_CONFLICT"]);
  assertEquals(sessions(subject), 0);
  subject.path("S0", "P1", { session: udp(0) });
  subject.clear();
  subject.resv("R1", "FF(S7{B})", { session: udp(0) });
  assertEquals([subject.sent(), subject.drops()], [[], ["PORT_CONFLICT"]]);
});

Deno.test("[2205-3.2-03] [2209-2-PATH-02] A sender with and without port in one session draws PathErr 08", () => {
  for (const [first, second] of [["S0", "S7"], ["S7", "S0"]]) {
    const subject = router();
    subject.path(first, "P1", { session: udp(5000) });
    subject.clear();
    subject.path(second, "P1", { session: udp(5000) });
    assertEquals(subject.sent(), [`a: PathErr 8/0x0000 ${second}`]);
    assertEquals(subject.senders(), [`${first} from P1`]);
  }
});

Deno.test("[2205-3.2-04] [2205-B-09] Port 0 is no wildcard: a filter with port 0 matches no sender that has one", () => {
  const subject = router();
  subject.path("S7", "P1", { session: udp(5000) });
  subject.clear();
  subject.resv("R1", "FF(S0{B})", { session: udp(5000) });
  assertEquals(subject.sent(), ["c: ResvErr 4/0x0000 FF(S0{B})"]);
  assertEquals(subject.reserved("c"), []);
});

Deno.test("[2205-3.2-03] Two ports of one host are two senders", () => {
  const subject = router();
  subject.path("S7", "P1", { session: udp(5000) });
  subject.path("S8", "P1", { session: udp(5000) });
  assertEquals(subject.senders(), ["S7 from P1", "S8 from P1"]);
  assertEquals(subject.sent(), ["c: Path S7{B}", "c: Path S8{B}"]);
});

Deno.test("[2205-3.2-06] Any protocol but 0 makes a session", () => {
  const subject = router();
  for (const protocol of [132, 1, 255]) subject.path("S1", "P1", { session: { destination: D, protocol, port: 9 } });
  assertEquals(sessions(subject), 3);
  subject.clear();
  subject.path("S1", "P1", { session: { destination: D, protocol: 0, port: 9 } });
  assertEquals([sessions(subject), subject.sent(), subject.drops()], [3, [], ["BAD_VALUE"]]);
});
