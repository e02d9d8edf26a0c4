/** Lists of objects for users: type guards and look-up, as values and as types. */
import { decodeObjects, findObject, isObject } from "../host/object_list.ts";
import type { RsvpObject } from "../host/objects.gen.ts";
import { assert, assertEquals } from "./assert.ts";
import { hex, object } from "./wire_samples.ts";

const LIST = [object(5, 1, "00007530"), object(1, 1, "c00002141100138c"), object(1, 2, "00".repeat(20))];

/** With a TIME_VALUES before them that is too short to be one. */
const WITH_BROKEN = [object(5, 1, ""), ...LIST];

function decoded(list: readonly Uint8Array[]): RsvpObject[] {
  return decodeObjects(hex(list.map((one) => one.toHex()).join("")));
}

Deno.test("isObject tells objects by name and form, so that their fields have types", () => {
  const [time, ipv4, ipv6] = decoded(LIST);
  assert(isObject(time, "TIME_VALUES"));
  // Does not compile without the guard.
  const refreshPeriodMs: number = time.refreshPeriodMs;
  assertEquals(refreshPeriodMs, 30_000);
  assert(isObject(ipv4, "SESSION") && isObject(ipv4, "SESSION", "IPv4"));
  const destinationAddress: string = ipv4.destinationAddress;
  assertEquals(destinationAddress, "192.0.2.20");
  assertEquals([isObject(ipv6, "SESSION", "IPv4"), isObject(ipv6, "SESSION", "IPv6")], [false, true]);
  assertEquals([isObject(time, "SESSION"), isObject(ipv4, "TIME_VALUES")], [false, false]);
});

Deno.test("an object whose bytes contradict themselves is none of its name, and is passed over by findObject", () => {
  const objects = decoded(WITH_BROKEN);
  assert("malformed" in objects[0]);
  assertEquals([objects[0].name, isObject(objects[0], "TIME_VALUES")], ["TIME_VALUES", false]);
  assertEquals(findObject(objects, "TIME_VALUES")?.refreshPeriodMs, 30_000);
  assertEquals(findObject(objects, "STYLE"), undefined);
});
