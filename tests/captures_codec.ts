/** The codec that the tests of captures use: the engine's. */
import { Codec } from "../host/codec.ts";
import { StandInChecker } from "./codec_checker.ts";

let cached: Codec | undefined;

export function codec(): Codec {
  return cached ??= new Codec(new StandInChecker());
}
