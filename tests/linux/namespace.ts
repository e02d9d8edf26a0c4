/**
 * Network namespaces for tests: named with a prefix and the number of this process, and removed afterwards.
 * What is done in one from within this process is done by its main thread alone, which goes there and comes back.
 */
import { libc } from "../../host/linux/libc.ts";

const O_RDONLY_CLOEXEC = 0x80000;
const CLONE_NEWNET = 0x40000000;

/** Runs a program to its end. @throws {Error} with the command and what it printed, if it fails. */
export async function run(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${(error + out).trim()}`);
  return out;
}

/** Namespaces by short names, while `body` runs. */
export async function withNamespaces<Name extends string>(
  names: readonly Name[],
  body: (full: Record<Name, string>) => Promise<void> | void,
): Promise<void> {
  const full = Object.fromEntries(names.map((name) => [name, `resv-${Deno.pid}-${name}`])) as Record<Name, string>;
  const made: string[] = [];
  try {
    for (const name of Object.values<string>(full)) {
      await run("ip", "netns", "add", name);
      made.push(name);
      await run("ip", "-n", name, "link", "set", "lo", "up");
    }
    await body(full);
  } finally {
    for (const name of made) await run("ip", "netns", "del", name);
  }
}

/** Runs `body`, which must not wait for anything, with this thread in the namespace: sockets that it opens are there. */
export function inNamespace<T>(name: string, body: () => T): T {
  const library = Deno.dlopen("libc.so.6", {
    open: { parameters: ["buffer", "i32"], result: "i32" },
    setns: { parameters: ["i32", "i32"], result: "i32" },
  });
  const open = (path: string) => {
    const descriptor = library.symbols.open(new TextEncoder().encode(path + "\0"), O_RDONLY_CLOEXEC);
    if (descriptor < 0) throw new Error(`${path} cannot be opened`);
    return descriptor;
  };
  const enter = (descriptor: number) => {
    if (library.symbols.setns(descriptor, CLONE_NEWNET) < 0) throw new Error(`setns to ${name} failed`);
  };
  const home = open("/proc/thread-self/ns/net");
  const there = open(`/run/netns/${name}`);
  try {
    enter(there);
    return body();
  } finally {
    enter(home);
    libc().close(home);
    libc().close(there);
    library.close();
  }
}

/** Waits until the condition holds. @throws {Error} naming it, if it does not within the time. */
export async function until(what: string, holds: () => unknown, withinMs = 5_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!await holds()) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The ip command in a namespace, its arguments as one line of words. */
export function ip(namespace: string, line: string): Promise<string> {
  return run("ip", "-n", namespace, ...line.split(" "));
}
