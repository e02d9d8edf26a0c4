/** What may be missing, and what is said then: host/linux/kernel_traffic_control.ts. */
import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { needs } from "../require.ts";
import { joinNamespaces, shown } from "./traffic_control_world.ts";
import { withNamespaces } from "./namespace.ts";

const CHILD = fileURLToPath(new URL("./crash_child.ts", import.meta.url));
const NEEDS = needs("linux", "netAdmin", "namespaces");

async function output(program: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const command = new Deno.Command(program, { args, stdin: "null", env: { NO_COLOR: "1", DENO: Deno.execPath() } });
  const { stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { stdout: text(stdout), stderr: text(stderr) };
}

Deno.test({
  name: "kernel permission: without CAP_NET_ADMIN one line says what is missing and how to give it",
  ...NEEDS,
  fn: () =>
    withNamespaces(["a", "b"], async ({ a, b }) => {
      await joinNamespaces(a, b);
      const before = await shown(a);
      // A user namespace of its own, which has no power over the network namespace that it is in.
      const child = [Deno.execPath(), "run", "-A", "--no-check", CHILD, "u32", "[]"];
      const { stderr } = await output("ip", "netns", "exec", a, "unshare", "-U", ...child);
      assertMatch(
        stderr,
        /LinuxError: out: Operation not permitted: traffic control needs the capability CAP_NET_ADMIN: run as root, or .*\n/,
      );
      assertEquals(await shown(a), before);
    }),
});

Deno.test({
  name: "kernel permission: a plain user's namespace has HTB and u32 and no BPF; auto takes what there is",
  ...NEEDS,
  fn: async () => {
    const flow = JSON.stringify([{ to: "10.0.0.1" }]);
    const script = `ip link add out type veth peer name in && ip link set out up
      $DENO run -A --no-check ${CHILD} bpf '${flow}'
      tc qdisc show dev out
      exec 3< <(exec $DENO run -A --no-check ${CHILD} auto '${flow}')
      child=$!
      read -u 3 line && echo $line
      tc filter show dev out
      kill -KILL $child`;
    const { stdout, stderr } = await output("unshare", "-Urn", "bash", "-c", script);
    assertStringIncludes(stderr, "LinuxError: the BPF classifier needs CAP_BPF and CAP_NET_ADMIN, or root");
    assertMatch(stdout, /^qdisc noqueue 0: root refcnt \d+ *\ninstalled\n/, "nothing is left, then u32");
    assertMatch(stdout, /ht 1 bkt 1 \*flowid 5256:10/);
  },
});
