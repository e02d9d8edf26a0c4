/** The signalling service of a node: applications of the host join it, and its own commands ask it. */
import type { RsvpNode } from "../node.ts";
import type { Operations } from "../service/operations.ts";
import { ServiceServer } from "../service/server.ts";
import type { GroupMembership } from "../signalling_node.ts";
import type { NodeFile } from "./schema.ts";

/** What the service is given. */
export interface ServiceWorld {
  readonly node: RsvpNode;
  readonly membership: GroupMembership;
  /** Reads the node's file again; what was done, a line each. Rejects with what is wrong with it. */
  readonly reload: () => Promise<readonly string[]>;
  readonly onError: (error: Error) => void;
}

/** Opens the service that a file wants; nothing if it wants none. Rejects with one line if it cannot be had. */
export async function openService(file: NodeFile, world: ServiceWorld): Promise<ServiceServer | undefined> {
  const { enabled, socket } = file.service;
  if (!enabled) return undefined;
  const { node, membership, onError } = world;
  const operations: Operations = {
    /** {"id":7,"op":"reload"} is answered with {"id":7,"result":{"done":["interface eth0 changed"]}}. */
    reload: async () => ({ done: await world.reload() }),
  };
  const server = new ServiceServer({
    node,
    membership,
    operations,
    onError,
    ...(socket === undefined ? {} : { path: socket }),
  });
  return await server.listen();
}
