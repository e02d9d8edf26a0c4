/**
 * The same metrics for OpenTelemetry. Only its API is used: who starts Deno with OTEL_DENO=true has them exported by the
 * runtime, to where OTEL_EXPORTER_OTLP_ENDPOINT says; else they go nowhere and cost nothing.
 */
import { type BatchObservableCallback, metrics as api, type Observable } from "@opentelemetry/api";
import type { Metric } from "./metric_list.ts";

/** Registers every metric; the result takes them back. */
export function observeMetrics(metrics: () => readonly Metric[]): () => void {
  const meter = api.getMeter("resv");
  const instruments = new Map<string, Observable>();
  for (const { name, help, unit, kind } of metrics()) {
    // Exporters for Prometheus put it there again.
    const plain = name.replace(/_total$/, "");
    const options = { description: help, unit };
    instruments.set(
      name,
      kind === "counter" ? meter.createObservableCounter(plain, options) : meter.createObservableGauge(plain, options),
    );
  }
  const observe: BatchObservableCallback = (result) => {
    for (const { name, samples } of metrics()) {
      const instrument = instruments.get(name);
      if (!instrument) continue;
      for (const { labels, value } of samples) result.observe(instrument, value, labels);
    }
  };
  const observables = [...instruments.values()];
  meter.addBatchObservableCallback(observe, observables);
  return () => meter.removeBatchObservableCallback(observe, observables);
}
