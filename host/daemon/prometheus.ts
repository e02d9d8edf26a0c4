/** Metrics as Prometheus reads them: its text format, over HTTP on an address of the file. */
import type { Metric } from "./metric_list.ts";

/** The media type of the text format. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The text format of Prometheus, version 0.0.4. */
export function prometheusText(metrics: readonly Metric[]): string {
  return metrics.filter(({ samples }) => samples.length > 0).map(({ name, help, kind, samples }) =>
    `# HELP ${name} ${escaped(help, false)}\n# TYPE ${name} ${kind}\n` +
    samples.map(({ labels, value }) => `${name}${labelText(labels)} ${numberText(value)}\n`).join("")
  ).join("");
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value, true)}"`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}

function escaped(text: string, quotes: boolean): string {
  const plain = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return quotes ? plain.replaceAll('"', '\\"') : plain;
}

function numberText(value: number): string {
  return value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value);
}

/** Serves `/metrics` until it is closed. */
export interface MetricsServer {
  readonly hostname: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Listens. Throws where the address cannot be had. */
export function serveMetrics(
  { hostname, port }: { hostname: string; port: number },
  metrics: () => readonly Metric[],
): MetricsServer {
  const server = Deno.serve({ hostname, port, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== "/metrics") return new Response("this is /metrics only\n", { status: 404 });
    if (request.method !== "GET" && request.method !== "HEAD") return new Response(null, { status: 405 });
    return new Response(prometheusText(metrics()), { headers: { "content-type": PROMETHEUS_TYPE } });
  });
  return {
    hostname: server.addr.hostname,
    port: server.addr.port,
    close: () => server.shutdown(),
  };
}
