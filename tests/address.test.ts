import fc from "fast-check";
import { formatAddress, parseAddress } from "../host/address.ts";
import { assertEquals, assertThrows } from "./assert.ts";

const address = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

Deno.test("every address is read back from its text", () => {
  fc.assert(fc.property(address(4), (four) => {
    const bytes = new Uint8Array(16);
    bytes.set(four);
    assertEquals(parseAddress(formatAddress(bytes, 4)), { bytes, family: 4 });
  }));
  const sparse = fc.array(fc.constantFrom(0, 0, 0, 1, 0x0db8, 0xffff), { minLength: 8, maxLength: 8 });
  fc.assert(fc.property(fc.oneof(address(16), sparse), (value) => {
    const bytes = new Uint8Array(
      Array.from(value).flatMap((part) => value.length === 16 ? [part] : [part >> 8, part & 255]),
    );
    assertEquals(parseAddress(formatAddress(bytes, 6)), { bytes, family: 6 });
  }));
});

Deno.test("RFC 5952: IPv6 text is in its one canonical form, which the platform agrees with", () => {
  const examples = [
    "2001:db8::1",
    "::",
    "::1",
    "2001:db8:0:1:1:1:1:1",
    "2001:0:0:1::1",
    "2001:db8::1:0:0:1",
    "fe80::",
    "::ffff:192.0.2.1",
    "1:2:3:4:5:6:7:8",
  ];
  for (const text of examples) assertEquals(formatAddress(parseAddress(text).bytes, 6), text);
  fc.assert(fc.property(address(16), (bytes) => {
    const text = formatAddress(bytes, 6);
    if (!text.includes(".")) assertEquals(new URL(`http://[${text}]/`).hostname, `[${text}]`);
  }));
});

Deno.test("what is not an address is refused by name", () => {
  const wrong = ["", "10.1", "10.0.0.256", "10.0.0.1.2", "010.0.0.1x", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9"];
  for (const text of [...wrong, "fe80::1%eth0", "12345::", "g::", "1.2.3.4::", "::1.2.3", "a.b"]) {
    assertThrows(() => parseAddress(text), RangeError, `"${text}" is not an IPv4 or IPv6 address`);
  }
});
