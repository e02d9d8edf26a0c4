/** The version that `resv --version` prints; a test holds it equal to deno.json's. */
export const VERSION = "0.1.0";
