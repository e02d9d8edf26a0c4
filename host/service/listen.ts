/**
 * The service's socket in the file system: made with mode 0600, so that only its owner (and the superuser) can speak to
 * the service; a socket that a dead service left behind is replaced, a live one is an error.
 */

import { processUser } from "./socket_path.ts";

/** The only mode that the socket may have. */
export const SOCKET_MODE = 0o600;
const FOLDER_MODE = 0o700;

/**
 * A socket that {@linkcode ServiceServer} cannot make or {@linkcode RemoteNode} cannot reach; `message` is one line for a
 * person.
 */
export class ServiceSocketError extends Error {
  /** Tells it from other errors where `instanceof` cannot. */
  override readonly name = "ServiceSocketError";
  /** LIVE: another service listens there. ABSENT: nobody does. OTHER: what the system says. */
  readonly code: "LIVE" | "ABSENT" | "OTHER";
  /** The socket. */
  readonly path: string;

  /** The message names the path. */
  constructor(code: "LIVE" | "ABSENT" | "OTHER", path: string, message: string) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

/** A socket that is listened on. */
export interface ListeningSocket {
  readonly listener: Deno.UnixListener;
  /** Stops listening and takes the file away, if it is still this one's. */
  close(): void;
}

/** Connects to a service. Rejects with a {@linkcode ServiceSocketError}. */
export async function connectSocket(path: string, user = processUser()): Promise<Deno.UnixConn> {
  try {
    await mustBeOurs(path, user);
    return await Deno.connect({ transport: "unix", path });
  } catch (error) {
    if (error instanceof ServiceSocketError) throw error;
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.ConnectionRefused) {
      throw new ServiceSocketError(
        "ABSENT",
        path,
        `no signalling service listens at ${path}; start \`resv node\` first`,
      );
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new ServiceSocketError("OTHER", path, `${path} belongs to another user: the service's owner must run this`);
    }
    throw new ServiceSocketError("OTHER", path, `cannot connect to ${path}: ${reason(error)}`);
  }
}

/**
 * In a folder where others write too somebody may have put a socket of theirs: an application would tell them what it does
 * and believe what they say. A service of the superuser's is everybody's, and the superuser may look at anybody's.
 */
async function mustBeOurs(path: string, user: number | undefined): Promise<void> {
  if (user === undefined || user === 0) return;
  const { uid } = await Deno.stat(path);
  if (uid === null || uid === user || uid === 0) return;
  throw new ServiceSocketError("OTHER", path, `${path} belongs to user ${uid}, and this process to user ${user}`);
}

/** Listens. Rejects with a {@linkcode ServiceSocketError} whose code is LIVE if another service does. */
export async function listenSocket(path: string): Promise<ListeningSocket> {
  await makeFolder(path);
  if (await exists(path)) await removeStale(path);
  const listener = listenPrivately(path);
  let file: Deno.FileInfo;
  try {
    // In case the umask could not be set.
    await Deno.chmod(path, SOCKET_MODE);
    file = await Deno.lstat(path);
    if (((file.mode ?? 0) & 0o777) !== SOCKET_MODE) throw new Error("its file system keeps no modes");
  } catch (error) {
    listener.close();
    throw new ServiceSocketError("OTHER", path, `cannot make ${path} private (mode 0600): ${reason(error)}`);
  }
  return {
    listener,
    close() {
      listener.close();
      try {
        // A later service may have replaced it.
        if (Deno.lstatSync(path).ino === file.ino) Deno.removeSync(path);
      } catch {
        // It is gone already.
      }
    },
  };
}

function listenPrivately(path: string): Deno.UnixListener {
  let umask: number | undefined;
  try {
    // The file has its mode from the start: nobody else can connect in between.
    umask = Deno.umask(0o777 & ~SOCKET_MODE);
  } catch {
    // Not permitted, or there is none.
  }
  try {
    return Deno.listen({ transport: "unix", path });
  } catch (error) {
    const code = error instanceof Deno.errors.AddrInUse ? "LIVE" : "OTHER";
    throw new ServiceSocketError(code, path, `cannot listen at ${path}: ${reason(error)}`);
  } finally {
    if (umask !== undefined) Deno.umask(umask);
  }
}

/** What is left of a service that was killed refuses connections. */
async function removeStale(path: string): Promise<void> {
  const { isFile, isDirectory } = await Deno.lstat(path);
  if (isFile || isDirectory) {
    throw new ServiceSocketError("OTHER", path, `${path} is there already and is no socket; remove it or name another`);
  }
  try {
    (await connectSocket(path)).close();
  } catch (error) {
    if (!(error instanceof ServiceSocketError) || error.code !== "ABSENT") throw error;
    await Deno.remove(path).catch(() => {});
    return;
  }
  throw new ServiceSocketError("LIVE", path, `another signalling service listens at ${path}; stop it or name another`);
}

/** The folder of a default path may have to be made; one that others can write to is no place for a private socket. */
async function makeFolder(path: string): Promise<void> {
  const folder = path.slice(0, path.lastIndexOf("/"));
  if (folder === "" || await exists(folder)) return;
  try {
    await Deno.mkdir(folder, { mode: FOLDER_MODE });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    throw new ServiceSocketError("OTHER", path, `cannot make the folder of ${path}: ${reason(error)}`);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw new ServiceSocketError("OTHER", path, `cannot look at ${path}: ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotCapable) {
    return "Deno was not permitted to; --allow-net, --allow-read and --allow-write permit it";
  }
  const text = error instanceof Error ? error.message : String(error);
  if (/SUN_LEN/.test(text)) return "the system takes no path of more than 107 bytes for a socket; use a shorter one";
  return text.replace(/ \(os error \d+\).*$/s, "").split("\n")[0];
}
