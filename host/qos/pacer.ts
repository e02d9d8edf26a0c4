/** A token bucket (RFC 2215 3.6.1) that says when the next packet may leave. */

/** Keeps data to a rate, and bursts to a depth. */
export class TokenBucketPacer {
  #bytesPerSecond: number;
  #depthBytes: number;
  #tokens: number;
  #lastMs: number;

  /** Begins full, at `nowMs`. */
  constructor(bytesPerSecond: number, depthBytes: number, nowMs: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#depthBytes = depthBytes;
    this.#tokens = depthBytes;
    this.#lastMs = nowMs;
  }

  /** The rate from now on. */
  set bytesPerSecond(value: number) {
    this.#bytesPerSecond = value;
  }

  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** Milliseconds until there are tokens for a packet; 0 if it may leave now. */
  delayMs(bytes: number, nowMs: number): number {
    this.#tokens = Math.min(this.#depthBytes, this.#tokens + (nowMs - this.#lastMs) / 1000 * this.#bytesPerSecond);
    this.#lastMs = nowMs;
    // A packet larger than the bucket would never leave: it leaves when the bucket is full.
    const needed = Math.min(bytes, this.#depthBytes);
    // What rounding of the time leaves out must not make a packet wait once more.
    return this.#tokens < needed - 1e-6 ? (needed - this.#tokens) / this.#bytesPerSecond * 1000 : 0;
  }

  /** Takes the tokens for a packet and returns 0, or the milliseconds until there are enough, and takes none. */
  take(bytes: number, nowMs: number): number {
    const delayMs = this.delayMs(bytes, nowMs);
    if (delayMs === 0) this.#tokens -= bytes;
    return delayMs;
  }
}
