/** Carries commands out in the kernel, or only says what they are. */
import { LinuxError } from "../linux_error.ts";
import { MESSAGES_PER_SEND, NetlinkBatch, type NetlinkSocket } from "../netlink.ts";
import type { FlowMap } from "./bpf_map.ts";
import type { CommandFailure, CommandRunner, KernelCommand } from "./kernel_command.ts";
import { writeCommand } from "./kernel_command_netlink.ts";
import { commandText } from "./kernel_command_text.ts";

/** The kernel: requests of rtnetlink, {@linkcode MESSAGES_PER_SEND} in a send; entries of BPF maps by system calls. */
export class KernelRunner implements CommandRunner {
  /** Maps of the program classifier, by number of the device. */
  readonly maps = new Map<number, FlowMap>();
  #socket: NetlinkSocket;
  #batch = new NetlinkBatch();

  constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  /**
   * In order, but that entries of maps are set after all else: a class has to be there before a packet is sent to it. If
   * the socket itself fails, every command of that send counts as refused, and as perhaps carried out.
   */
  run(commands: readonly KernelCommand[]): (CommandFailure | undefined)[] {
    const failures = new Array<CommandFailure | undefined>(commands.length);
    const inSend: number[] = [];
    const ofMaps: number[] = [];
    this.#batch.clear();
    commands.forEach((command, index) => {
      if (command.kind === "MAP_SET" || command.kind === "MAP_DELETE") return ofMaps.push(index);
      writeCommand(this.#batch, command);
      if (inSend.push(index) === MESSAGES_PER_SEND) this.#send(inSend, failures);
    });
    if (inSend.length > 0) this.#send(inSend, failures);
    for (const index of ofMaps) failures[index] = this.#changeMap(commands[index]);
    return failures;
  }

  #send(indexes: number[], failures: (CommandFailure | undefined)[]): void {
    try {
      for (const { index, errorNumber, text } of this.#socket.transact(this.#batch)) {
        failures[indexes[index]] = { errorNumber, text };
      }
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
      const { errorNumber, message } = error;
      for (const index of indexes) failures[index] = { errorNumber, text: message, unknown: true };
    }
    this.#batch.clear();
    indexes.length = 0;
  }

  #changeMap(command: KernelCommand): CommandFailure | undefined {
    try {
      const map = this.maps.get(command.device);
      if (!map) throw new LinuxError("the interface has no map of flows", 0);
      if (command.kind === "MAP_SET") map.set(command.key, command.minor);
      if (command.kind === "MAP_DELETE") map.delete(command.key);
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
      return { errorNumber: error.errorNumber, text: error.message };
    }
  }
}

/** Says what would be done; everything succeeds. */
export class DryRunner implements CommandRunner {
  #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  run(commands: readonly KernelCommand[]): undefined[] {
    for (const command of commands) this.#print(commandText(command));
    return new Array<undefined>(commands.length);
  }
}
