import { assertEquals } from "./assert.ts";
import {
  ask,
  type Bucket,
  controlledLoad,
  f32,
  guaranteed,
  nullService,
  nullTspec,
  tspec,
  u32,
} from "./merge_fixture.ts";

const good: Bucket = [12500, 3000, 25000, 64, 1500];
const change = (index: number, value: number): Bucket =>
  good.map((old, at) => at === index ? value : old) as unknown as Bucket;
const raw = (object: string, index: number, word: string) =>
  object.slice(0, 32 + index * 8) + word + object.slice(40 + index * 8);
const NAN = "7fc00001", NEGATIVE_ZERO = "80000000", NEGATIVE_INFINITY = "ff800000";
const ALL = 7;

function checkAll(
  value: number,
  validate: (bucket: Bucket | string) => number,
  cases: Record<string, Bucket | string>,
) {
  for (const [what, object] of Object.entries(cases)) assertEquals(validate(object), value, what);
}

Deno.test("SENDER_TSPECs outside RFC 2215 section 3.6 are error value 4", () => {
  const validate = (bucket: Bucket | string) =>
    ask("validateTspec", typeof bucket === "string" ? bucket : tspec(bucket));
  const object = tspec(good);
  checkAll(0, validate, {
    "the example": good,
    "unknown peak rate": change(2, Infinity),
    "r below 1, which only guaranteed service bans": change(0, 0.5),
    "m = M": change(3, 1500),
    "40 terabytes/s": change(0, 39999999311872),
    "null service": nullTspec(1500),
  });
  checkAll(4, validate, {
    "m = 0": change(3, 0),
    "m > M": change(3, 1501),
    "r = 0": change(0, 0),
    "b = 0": change(1, 0),
    "r above 40 terabytes/s": change(0, 40.1e12),
    "b above 250 gigabytes": change(1, 251e9),
    "infinite r": change(0, Infinity),
    "infinite b": change(1, Infinity),
    "negative r": change(0, -1),
    "NaN r": raw(object, 0, NAN),
    "NaN p": raw(object, 2, NAN),
    "negative zero r": raw(object, 0, NEGATIVE_ZERO),
    "negative zero p": raw(object, 2, NEGATIVE_ZERO),
    "p of -infinity": raw(object, 2, NEGATIVE_INFINITY),
    "null service with M = 0": nullTspec(0),
    "no known parameter": "00100c02 00000002 01000001 11000000".replaceAll(" ", ""),
  });
});

Deno.test("controlled load flowspecs outside RFC 2211 section 5 are error value 3", () => {
  const validate = (bucket: Bucket | string) =>
    ask("validateFlowspec", typeof bucket === "string" ? bucket : controlledLoad(bucket), ALL);
  checkAll(0, validate, {
    "the example": good,
    "p below r, because controlled load may ignore p": change(2, 100),
    "p = 0": change(2, 0),
    "r = 1": change(0, 1),
  });
  checkAll(3, validate, {
    "r = 0.5": change(0, 0.5),
    "b = 0.5": change(1, 0.5),
    "m = 0": change(3, 0),
    "m > M": change(4, 63),
    "negative p": change(2, -1),
    "NaN b": raw(controlledLoad(good), 1, NAN),
  });
});

Deno.test("guaranteed service flowspecs outside RFC 2212 are error value 3", () => {
  const validate = (object: Bucket | string) =>
    ask("validateFlowspec", typeof object === "string" ? object : guaranteed(object, 20000, 5), ALL);
  checkAll(0, validate, {
    "the example": good,
    "R = r": guaranteed(good, 12500, 0),
    "unknown peak rate": change(2, Infinity),
    "the most slack": guaranteed(good, 20000, 0xffffffff),
    "a rate of 2^36, discouraged but not prohibited": guaranteed(good, 2 ** 36, 0),
  });
  checkAll(3, validate, {
    "R < r": guaranteed(good, 12499, 0),
    "p < r": change(2, 12499),
    "rates below 1 byte/s (reading 15.16)": guaranteed([0.5, 3000, 0.75, 64, 1500], 0.5, 0),
    "b below 1 byte": change(1, 0.5),
    "infinite R": guaranteed(good, Infinity, 0),
    "NaN R": guaranteed(good, 0, 0).replace("82000002" + f32(0), "82000002" + NAN),
    "m = 0": change(3, 0),
    "no RSpec": guaranteed(good, 20000, 5).replace("82000002", "83000002"),
  });
});

Deno.test("a service that is unknown or not implemented is error value 2", () => {
  const unknown = `00100902 00000002 63000001 ${u32(7)}`.replaceAll(" ", "");
  assertEquals(ask("validateFlowspec", unknown, ALL), 2);
  assertEquals(ask("validateFlowspec", guaranteed(good, 20000, 5), 1), 2);
  assertEquals(ask("validateFlowspec", controlledLoad(good), 1), 0);
  assertEquals(ask("validateFlowspec", nullService(1500), 3), 2);
  assertEquals(ask("validateFlowspec", nullService(1500), 4), 0);
  assertEquals(ask("validateFlowspec", nullService(0), 4), 3);
});

Deno.test("a flowspec of two services, or of none, is error value 3 (RFC 2210 section 2.2)", () => {
  const two = controlledLoad(good).replace("00240902", "00300902").replace("00000007", "0000000a") +
    "0600000280000001000005dc";
  assertEquals(ask("validateFlowspec", two, ALL), 3);
  assertEquals(ask("validateFlowspec", "0008090200000000", ALL), 3);
  assertEquals(ask("validateFlowspec", tspec(good).replace("00240c02", "00240902"), ALL), 3);
});
