/** The guide's call with each end in a process of its own, on one link and with `resv node` between. */
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "./assert.ts";
import { commandLine } from "./cli_process.ts";
import { loopback } from "./loopback.ts";

const ROOT = new URL("../", import.meta.url);
const NETWORK = `127.${loopback(12)}`;
const CALL = "reserved both ways\nheard 50 packets\n";

/** A process, whose output is collected while it runs. */
class Child {
  out = "";
  readonly done: Promise<number>;
  #process: Deno.ChildProcess;

  constructor(args: string[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args,
      cwd: fileURLToPath(ROOT),
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const read = async (stream: ReadableStream<Uint8Array>) => {
      const decoder = new TextDecoder();
      for await (const chunk of stream) this.out += decoder.decode(chunk, { stream: true });
    };
    const { stdout, stderr, status } = this.#process;
    this.done = Promise.all([read(stdout), read(stderr), status]).then(([, , { code }]) => code);
  }

  /** Waits until it has printed something. */
  async says(text: string): Promise<void> {
    for (const end = Date.now() + 20_000; !this.out.includes(text);) {
      if (Date.now() > end) throw new Error(`gave up waiting for "${text}"; so far:\n${this.out}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async end(): Promise<number> {
    try {
      this.#process.kill("SIGTERM");
    } catch {
      // It has ended.
    }
    return await this.done;
  }
}

/** One end: its last octets, the other's, the router's if there is one. */
const peer = (...ends: string[]) =>
  new Child(["run", "--quiet", "--allow-net", "examples/voice_peer.ts", ...ends.map((end) => `${NETWORK}.${end}`)]);

Deno.test("qos processes: a call between two processes is reserved both ways, and every packet is heard", async () => {
  const ends = [peer("1.2", "1.3"), peer("1.3", "1.2")];
  try {
    assertEquals(await Promise.all(ends.map(({ done }) => done)), [0, 0]);
    assertEquals(ends.map(({ out }) => out), [CALL, CALL]);
  } finally {
    await Promise.all(ends.map((end) => end.end()));
  }
});

/** A router process with so much room, while `use` runs. Its service has a socket of its own. */
async function withRouter(reservableRate: string, use: (start: (child: Child) => Child) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const shown = Deno.readTextFileSync(new URL("examples/voice_router.toml", ROOT));
  const config = shown.replaceAll("127.25", NETWORK).replaceAll("150 kbit/s", reservableRate);
  await Deno.writeTextFile(`${folder}/router.toml`, config);
  Deno.env.set("RESV_SOCKET", `${folder}/resv.sock`);
  const children: Child[] = [];
  const start = (child: Child) => (children.push(child), child);
  try {
    const router = start(new Child(commandLine(["node", "--config", `${folder}/router.toml`])));
    await router.says("running");
    await use(start);
    assertEquals(await router.end(), 0);
    assert(!router.out.includes("error"), router.out);
  } finally {
    await Promise.all(children.map((child) => child.end()));
    Deno.env.delete("RESV_SOCKET");
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("qos processes: the same with a router process between, which has room for one call", () =>
  withRouter("150 kbit/s", async (start) => {
    const ends = [start(peer("1.2", "2.2", "1.1")), start(peer("2.2", "1.2", "2.1"))];
    assertEquals(await Promise.all(ends.map(({ done }) => done)), [0, 0]);
    assertEquals(ends.map(({ out }) => out), [CALL, CALL]);
  }));

Deno.test("qos processes: a router without room refuses the call at both ends", () =>
  withRouter("79 kbit/s", async (start) => {
    const ends = [start(peer("1.2", "2.2", "1.1")), start(peer("2.2", "1.2", "2.1"))];
    await ends[0].says(`refused: ADMISSION_FAILURE found by ${NETWORK}.1.1`);
    await ends[1].says(`refused: ADMISSION_FAILURE found by ${NETWORK}.2.1`);
    assert(ends.every(({ out }) => !out.includes("reserved both ways")));
  }));
