/** What `resv encode` does: JSON in; hex, bytes or a capture out. */
import { type Codec, type EncodeOptions, type MessageInput, ResvEncodeError } from "../codec.ts";
import { defaultCodec } from "../default_codec.ts";
import { inputName, openInput, unreadable } from "./capture_input.ts";
import type { ResvContext } from "./context.ts";
import type { EncodeFlags } from "./encode.ts";
import { CapturedOutput } from "./encode_capture.ts";
import { InputError, readMessages } from "./message_input.ts";
import { UsageError } from "./output.ts";

/** What becomes of one encoded message. */
type Sink = (bytes: Uint8Array<ArrayBuffer>, value: Record<string, unknown>) => void;

/** Runs the command. */
export async function runEncode(this: ResvContext, flags: EncodeFlags, ...files: string[]): Promise<void> {
  if (flags.bytes && flags.pcap) throw new UsageError("--bytes and --pcap exclude each other; choose one");
  if (flags.raw && flags.order === "rfc") throw new UsageError("--raw keeps the order; --order rfc contradicts it");
  if ((flags.bytes || flags.pcap) && this.out.isTerminal) {
    throw new UsageError("what --bytes and --pcap write is not for a terminal; send it to a file or a pipe");
  }
  const codec = defaultCodec(), sink = sinkFor(flags, this);
  for (const file of files) {
    let number = 0;
    try {
      for await (const value of readMessages(openInput(file, this))) {
        number++;
        const fault = encodeOne(value, flags, codec, sink);
        if (fault) this.fail(`${inputName(file)}: message ${number}: ${fault}`);
      }
    } catch (error) {
      const reason = error instanceof InputError ? error.message : unreadable(error);
      if (reason === undefined) throw error;
      this.fail(`${inputName(file)}: ${reason}`);
    }
  }
}

function sinkFor({ bytes, pcap }: EncodeFlags, { out }: ResvContext): Sink {
  if (bytes) return (message) => out.writeBytes(message);
  if (!pcap) return (message) => out.line(message.toHex());
  const capture = new CapturedOutput((record) => out.writeBytes(record));
  return (message, value) => capture.add(message, value);
}

/** Encodes one message; what is wrong with it, if anything is. */
function encodeOne(value: unknown, flags: EncodeFlags, codec: Codec, sink: Sink): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "is not an object";
  const message = value as Record<string, unknown>;
  try {
    sink(bytesOf(message, flags, codec), message);
    return undefined;
  } catch (error) {
    if (error instanceof ResvEncodeError || error instanceof InputError) return error.message;
    throw error;
  }
}

function bytesOf(message: Record<string, unknown>, flags: EncodeFlags, codec: Codec): Uint8Array<ArrayBuffer> {
  const { bytes, objects } = message;
  if (objects !== undefined || bytes === undefined) {
    return codec.encode(message as unknown as MessageInput, optionsFor(message, flags));
  }
  // A message that could not be taken apart is kept as its bytes.
  if (typeof bytes === "string" && bytes.length % 2 === 0 && /^[0-9a-f]*$/i.test(bytes)) {
    return Uint8Array.fromHex(bytes);
  }
  throw new InputError("bytes: is not hex");
}

function optionsFor({ objects }: Record<string, unknown>, { raw, order }: EncodeFlags): EncodeOptions {
  // Decoded objects know where they stood, and shall stand there again.
  const decoded = Array.isArray(objects) && objects.some((object) => object !== null && object?.offset !== undefined);
  return { raw, order: raw ? "given" : order ?? (decoded ? "given" : "rfc") };
}
