/** What `resv encode` does: JSON in; hex, bytes or a capture out. */
import { type Codec, type EncodeOptions, type MessageInput, ResvEncodeError } from "../codec.ts";
import { defaultCodec } from "../default_codec.ts";
import { inputName, openInput, unreadable } from "./capture_input.ts";
import type { ResvContext } from "./context.ts";
import type { EncodeFlags } from "./encode.ts";
import { CapturedOutput } from "./encode_capture.ts";
import { HandWritten } from "./hand_written.ts";
import { InputError, readMessages } from "./message_input.ts";
import { UsageError } from "./output.ts";

type Values = Record<string, unknown>;
type Bytes = Uint8Array<ArrayBuffer>;

/** What becomes of encoded messages. */
interface Sink {
  take(bytes: Bytes, value: Values): void;
  /** Called if anything could be read. */
  end(): void;
}

/** Runs the command. */
export async function runEncode(this: ResvContext, flags: EncodeFlags, ...files: string[]): Promise<void> {
  if (flags.bytes && flags.pcap) throw new UsageError("--bytes and --pcap exclude each other; choose one");
  if (flags.raw && flags.order === "rfc") throw new UsageError("--raw keeps the order; --order rfc contradicts it");
  if ((flags.bytes || flags.pcap) && this.out.isTerminal) {
    throw new UsageError("what --bytes and --pcap write is not for a terminal; send it to a file or a pipe");
  }
  const codec = defaultCodec(), handWritten = new HandWritten(codec), sink = sinkFor(flags, this);
  const toBytes = (message: Values) => bytesOf(message, flags, codec, handWritten);
  let read = 0;
  for (const file of files) {
    let number = 0, faults = 0;
    try {
      for await (const value of readMessages(openInput(file, this))) {
        const fault = encodeOne(value, toBytes, sink);
        number++;
        if (fault === undefined) continue;
        faults++;
        this.fail(`${inputName(file)}: message ${number}: ${fault}`);
      }
      if (faults === 0 || faults < number) read++;
    } catch (error) {
      const reason = error instanceof InputError ? error.message : unreadable(error);
      if (reason === undefined) throw error;
      this.fail(`${inputName(file)}: ${reason}`);
    }
  }
  if (read > 0) sink.end();
}

function sinkFor({ bytes, pcap }: EncodeFlags, { out }: ResvContext): Sink {
  const end = () => {};
  if (bytes) return { take: (message) => out.writeBytes(message), end };
  if (!pcap) return { take: (message) => out.line(message.toHex()), end };
  const capture = new CapturedOutput((record) => out.writeBytes(record));
  return { take: (message, value) => capture.add(message, value), end: () => capture.start() };
}

/** Encodes one message; what is wrong with it, if anything is. */
function encodeOne(value: unknown, toBytes: (message: Values) => Bytes, sink: Sink): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "is not an object";
  const message = value as Values;
  try {
    sink.take(toBytes(message), message);
    return undefined;
  } catch (error) {
    if (error instanceof ResvEncodeError || error instanceof InputError) return error.message;
    throw error;
  }
}

function bytesOf(message: Values, flags: EncodeFlags, codec: Codec, handWritten: HandWritten): Bytes {
  const { bytes, objects } = message;
  if (objects !== undefined || bytes === undefined) {
    const whole = flags.raw ? message : handWritten.message(message);
    return codec.encode(whole as unknown as MessageInput, optionsFor(message, flags));
  }
  // A message that could not be taken apart is kept as its bytes.
  if (typeof bytes === "string" && bytes.length % 2 === 0 && /^[0-9a-f]*$/i.test(bytes)) {
    return Uint8Array.fromHex(bytes);
  }
  throw new InputError("bytes: is not hex");
}

function optionsFor({ objects }: Values, { raw, order }: EncodeFlags): EncodeOptions {
  // Decoded objects know where they stood, and shall stand there again.
  const decoded = Array.isArray(objects) && objects.some((object) => object !== null && object?.offset !== undefined);
  return { raw, order: raw ? "given" : order ?? (decoded ? "given" : "rfc") };
}
