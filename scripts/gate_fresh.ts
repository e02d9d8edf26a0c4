/**
 * Are the committed engine.wasm and the generated files what the sources make? The project is copied to a temporary
 * folder, built there, and compared byte for byte, so that no generator needs a mode of its own for this and nothing in
 * the working tree is touched.
 */
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { projectPaths } from "./style_rules.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** What the build writes and the project keeps. */
const isBuilt = (path: string) => /\.gen\.(ts|js)$|\.wasm$/.test(path) || path === "docs/objects.md";
/** What the build needs; tests, benches and examples do not take part. */
const isSource = (path: string) =>
  /^(catalogue|engine-as|host|scripts|docs|tests\/vectors)\//.test(path) ||
  /^(deno\.json|deno\.lock|mod\.ts|package\.json)$/.test(path);

async function copy(paths: string[], target: string): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    try {
      await copyFile(join(ROOT, path), join(target, path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // tracked, but deleted in the working tree
    }
  }
}

async function contents(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch {
    return null;
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes))).toHex();
}

async function toolVersions(): Promise<string> {
  const config = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json"))) as { imports: Record<string, string> };
  const lock = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.lock"))) as { npm: Record<string, unknown> };
  const binaryen = Object.keys(lock.npm).find((name) => name.startsWith("binaryen@")) ?? "binaryen unknown";
  return `deno ${Deno.version.deno}, ${
    config.imports["assemblyscript"].replace("npm:", "")
  }, ${binaryen}, ${Deno.build.target}`;
}

async function compare(path: string, built: string): Promise<string | null> {
  const [ours, theirs] = await Promise.all([contents(join(ROOT, path)), contents(join(built, path))]);
  if (ours === null && theirs === null) return null;
  if (ours === null) return `${path}: the build writes it, but it is not in the project`;
  if (theirs === null) return `${path}: no longer written by the build`;
  const [here, there] = await Promise.all([sha256(ours), sha256(theirs)]);
  if (here === there) return null;
  return `${path}: stale\n  in the project ${here}, ${ours.length} bytes\n  rebuilt        ${there}, ${theirs.length} bytes`;
}

/** What is stale, or an empty string. */
export async function freshness(): Promise<string> {
  const paths = await projectPaths(ROOT);
  const tracked = new Set(await projectPaths(ROOT, "--cached"));
  const folder = await Deno.makeTempDir({ prefix: "resv_fresh_" });
  try {
    // Built files are copied too: some sources import what an earlier step writes. A build that leaves one out is
    // noticed by its time of change.
    await copy(paths.filter((path) => isSource(path)), folder);
    const before = Date.now() - 1000;
    await Promise.all(paths.filter(isBuilt).map((path) => Deno.utime(join(folder, path), 0, 0).catch(() => {})));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "scripts/build.ts", "release"],
      cwd: folder,
      stdin: "null",
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    }).output();
    if (!success) return [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
    const findings: string[] = [];
    for (const path of new Set([...paths.filter(isBuilt), ...await writtenIn(folder, before)])) {
      const unwritten = await unchangedSince(join(folder, path), before);
      const finding = unwritten ? `${path}: no longer written by the build` : await compare(path, folder);
      if (finding !== null) findings.push(finding);
      else if (!tracked.has(path)) findings.push(`${path}: not committed`);
    }
    if (findings.length > 0) {
      findings.push(`  tools: ${await toolVersions()}`, "  Run `deno task build` and commit what it writes.");
    }
    return findings.join("\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function unchangedSince(path: string, time: number): Promise<boolean> {
  try {
    return ((await Deno.stat(path)).mtime?.getTime() ?? 0) < time;
  } catch {
    return true;
  }
}

/** Built files that the build wrote, also those which the project does not know yet. */
async function writtenIn(folder: string, since: number, under = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(join(folder, under))) {
    const path = under === "" ? entry.name : `${under}/${entry.name}`;
    if (entry.isDirectory) {
      if (entry.name !== "node_modules" && path !== "build") found.push(...await writtenIn(folder, since, path));
    } else if (isBuilt(path) && !await unchangedSince(join(folder, path), since)) found.push(path);
  }
  return found;
}
