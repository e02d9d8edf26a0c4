/** The codec that the tests of captures use: the committed engine's. */
export { defaultCodec as codec } from "../host/default_codec.ts";
