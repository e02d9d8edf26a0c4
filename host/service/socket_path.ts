/** Where the host's signalling service is found when nobody says. */

/** What of the environment decides; a missing permission counts as "not set". */
export interface PathEnvironment {
  /** The value of a variable of the environment. */
  variable(name: string): string | undefined;
  /** The user's number; undefined where it cannot be had. */
  userId(): number | undefined;
}

const SYSTEM_PATH = "/run/resv.sock";

/**
 * The socket of the host's service: `$RESV_SOCKET`; else `resv.sock` in `$XDG_RUNTIME_DIR`; else `/run/resv.sock` for the
 * superuser; else `resv.sock` in a folder of the user's own under the temporary one.
 *
 * @example
 * ```ts
 * import { defaultSocketPath } from "@resv/resv";
 *
 * const root = { variable: () => undefined, userId: () => 0 };
 * console.log(defaultSocketPath(root)); // /run/resv.sock
 * ```
 */
export function defaultSocketPath(environment: PathEnvironment = DENO_ENVIRONMENT): string {
  const said = environment.variable("RESV_SOCKET");
  if (said) return said;
  const runtime = environment.variable("XDG_RUNTIME_DIR");
  if (runtime) return `${runtime.replace(/\/+$/, "")}/resv.sock`;
  const user = environment.userId();
  if (user === 0) return SYSTEM_PATH;
  const temporary = (environment.variable("TMPDIR") || "/tmp").replace(/\/+$/, "");
  return `${temporary}/resv-${user ?? "user"}/resv.sock`;
}

/** Asks for nothing that is not permitted already: this is also called by programs that never use the service. */
const DENO_ENVIRONMENT: PathEnvironment = {
  variable(name) {
    if (typeof Deno === "undefined") return undefined;
    const { state } = Deno.permissions.querySync({ name: "env", variable: name });
    return state === "granted" ? Deno.env.get(name) : undefined;
  },
  userId: processUser,
};

/** The number of the user whose process this is; undefined where that may not be asked. */
export function processUser(): number | undefined {
  if (typeof Deno === "undefined") return undefined;
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "uid" });
  return state === "granted" ? Deno.uid() ?? undefined : undefined;
}

/** Whether Deno may listen and connect there without asking anybody; false in other runtimes. */
export function isSocketPermitted(path: string): boolean {
  if (typeof Deno === "undefined") return false;
  const wanted: Deno.PermissionDescriptor[] = [
    { name: "read", path },
    { name: "write", path },
    { name: "net", host: `unix:${path}` },
  ];
  return wanted.every((one) => Deno.permissions.querySync(one).state === "granted");
}
