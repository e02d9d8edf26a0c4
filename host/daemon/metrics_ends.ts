/** Where metrics go: a listener for Prometheus, OpenTelemetry, both or none, changed while the node runs. */
import type { Metric } from "./metric_list.ts";
import { type MetricsServer, serveMetrics } from "./prometheus.ts";
import { type NodeFile, parseListen } from "./schema.ts";

/** The ends of one node. */
export class MetricsEnds {
  #metrics: () => readonly Metric[];
  #listen: string | undefined;
  #server: MetricsServer | undefined;
  #unobserve: (() => void) | undefined;

  constructor(metrics: () => readonly Metric[]) {
    this.#metrics = metrics;
  }

  /** Where is listened; undefined if nowhere. */
  get address(): { hostname: string; port: number } | undefined {
    return this.#server && { hostname: this.#server.hostname, port: this.#server.port };
  }

  /** Does as the file says now. Rejects where the address cannot be had; nothing is served then. */
  async follow({ listen, openTelemetry }: NodeFile["metrics"]): Promise<string[]> {
    const done: string[] = [];
    if (listen !== this.#listen) {
      await this.#server?.close();
      this.#server = undefined;
      this.#listen = listen;
      if (listen !== undefined) this.#server = this.#serve(listen);
      done.push(listen === undefined ? "metrics are served no more" : `metrics at ${listen}`);
    }
    if (openTelemetry !== (this.#unobserve !== undefined)) {
      this.#unobserve?.();
      this.#unobserve = undefined;
      if (openTelemetry) this.#unobserve = (await import("./telemetry.ts")).observeMetrics(this.#metrics);
      done.push(`OpenTelemetry ${openTelemetry ? "on" : "off"}`);
    }
    return done;
  }

  /** Serves nothing any more. */
  async close(): Promise<void> {
    await this.follow({ openTelemetry: false });
  }

  #serve(listen: string): MetricsServer {
    try {
      return serveMetrics(parseListen(listen)!, this.#metrics);
    } catch (error) {
      this.#listen = undefined;
      const why = error instanceof Deno.errors.AddrInUse
        ? "another program has this address and port"
        : error instanceof Deno.errors.PermissionDenied
        ? "permission denied; ports below 1024 are the superuser's"
        : (error as Error).message.replace(/ \(os error \d+\).*$/s, "");
      throw new MetricsListenError(`metrics.listen: cannot listen on ${listen}: ${why}`);
    }
  }
}

/** Metrics cannot be served; `message` is one line. */
export class MetricsListenError extends Error {
  override readonly name: string = "MetricsListenError";
}
