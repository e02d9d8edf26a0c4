/** Numbers for people. */

/** `250 kB/s`, `1.25 MB/s`; powers of a thousand, at most three digits and no zeros at the end. */
export function formatRate(bytesPerSecond: number): string {
  if (bytesPerSecond < 0) return "no limit";
  if (!Number.isFinite(bytesPerSecond)) return "unlimited";
  const steps = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s"];
  let value = bytesPerSecond, step = 0;
  while (value >= 999.5 && step < steps.length - 1) {
    value /= 1000;
    step++;
  }
  return `${Number(value.toPrecision(3))} ${steps[step]}`;
}

/** `1.25 MB`, `512 B`; powers of a thousand, at most three digits. */
export function formatBytes(bytes: number): string {
  return formatRate(Math.max(0, bytes)).replace(/\/s$/, "");
}

/** `30 s`, `250 ms`. */
export function formatMs(ms: number): string {
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(4))} s` : `${ms} ms`;
}

/** `10.0.0.1:5004`, `[2001:db8::1]:5004`; the port is left out where it is zero. */
export function formatAddressPort(address: string, port: number): string {
  const host = address.includes(":") && port ? `[${address}]` : address;
  return port ? `${host}:${port}` : host;
}

/** `1 frame`, `2 frames`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
