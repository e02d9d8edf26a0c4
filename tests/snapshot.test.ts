import { Engine } from "../host/engine.ts";
import { SnapshotError } from "../host/snapshot.ts";
import { assertEquals, assertThrows } from "./assert.ts";
import { fixture } from "./engine_fixture.ts";

Deno.test("a restored engine has the state of the one that was saved", async () => {
  const { module } = await fixture();
  const first = new Engine(module);
  assertEquals(first.deadline(), Infinity);
  first.submit("TICK", {}, 1);
  assertEquals([...first.drain()], []);
  const second = Engine.restore(module, first.snapshot());
  assertEquals(second.deadline(), 1000);
  assertEquals(second.snapshot(), first.snapshot());
});

Deno.test("a damaged snapshot is refused with the offset of what is wrong", async () => {
  const { module } = await fixture();
  const good = new Engine(module).snapshot();
  const broken = (at: number) => {
    const copy = good.slice();
    copy[at] ^= 0xff;
    return copy;
  };
  const refused = (snapshot: Uint8Array, text: string) =>
    void assertThrows(() => Engine.restore(module, snapshot), SnapshotError, text);
  refused(good.subarray(0, 10), "10 bytes");
  refused(broken(0), "offset 0");
  refused(broken(4), "offset 4");
  refused(broken(8), "offset 8");
  refused(good.subarray(0, good.length - 1), "offset 12");
  refused(broken(40), "another build");
  refused(broken(good.length - 1), "offset 16");
});

Deno.test("a snapshot of another build is refused", async () => {
  const { module } = await fixture();
  const snapshot = new Engine(module, { engineHash: new Uint8Array(32).fill(1) }).snapshot();
  assertThrows(() => Engine.restore(module, snapshot), SnapshotError, "another build");
  Engine.restore(module, snapshot, { engineHash: new Uint8Array(32).fill(1) });
});
