/**
 * What a scenario file says: a topology, sessions, what happens when, and what must be true when. Names are checked
 * afterwards (scenario.ts); this is the shape. Unknown keys are errors, because a misspelt one would do nothing.
 */
import * as v from "valibot";

const text = v.pipe(v.string("wants text"), v.nonEmpty("must not be empty"));
const number = v.pipe(v.number("wants a number"), v.minValue(0, "must not be below zero"));
const positive = v.pipe(v.number("wants a number"), v.gtValue(0, "must be above zero"));
const whole = v.pipe(number, v.integer("wants a whole number"));
const port = v.pipe(whole, v.maxValue(65_535, "a port is 65535 at the most"));
const probability = v.pipe(number, v.maxValue(1, "a probability is 1 at the most"));
const flag = v.boolean("wants true or false");
const style = v.picklist(["WF", "FF", "SE"], "there are WF, FF, SE");

/** Settings of every node and of the network (`NodeSettings`, `NetworkOptions`). */
const Settings = v.strictObject({
  seed: v.optional(whole),
  refreshIntervalMs: v.optional(v.pipe(positive, v.integer("wants a whole number"))),
  lifetimeMultiplier: v.optional(v.pipe(positive, v.integer("wants a whole number"))),
  blockadeMultiplier: v.optional(v.pipe(positive, v.integer("wants a whole number"))),
  localRepairDelayMs: v.optional(whole),
  routingDelayMs: v.optional(number),
  noJitter: v.optional(flag),
});

const Node = v.strictObject({
  name: text,
  kind: v.optional(v.picklist(["host", "router", "plain-router"], "there are host, router, plain-router"), "router"),
});

const faults = {
  loss: v.optional(probability),
  duplication: v.optional(probability),
  corruption: v.optional(probability),
  reordering: v.optional(probability),
  reorderingDelayMs: v.optional(number),
  jitterMs: v.optional(number),
};

const Link = v.strictObject({
  nodes: v.pipe(v.array(text, "wants a list of names"), v.minLength(2, "a link joins two nodes or more")),
  name: v.optional(text),
  delayMs: v.optional(number),
  metric: v.optional(positive),
  mtuBytes: v.optional(v.pipe(positive, v.integer("wants a whole number"))),
  reservableBytesPerSecond: v.optional(number),
  perFlowBytesPerSecond: v.optional(number),
  ...faults,
});

const priority = v.pipe(whole, v.maxValue(65_535, "a priority is 65535 at the most"));

/** A rule of local policy (`PolicyRule`): of every node, or of those that it names. */
const Policy = v.strictObject({
  nodes: v.optional(v.array(text, "wants a list of names")),
  direction: v.optional(v.picklist(["path", "resv"], "there are path, resv")),
  destination: v.optional(text),
  sender: v.optional(text),
  protocol: v.optional(v.union([v.picklist(["udp", "tcp"]), v.pipe(whole, v.maxValue(255))])),
  ports: v.optional(v.union([port, v.tuple([port, port])], "wants a port, or the first and the last")),
  interface: v.optional(whole),
  element: v.optional(v.union([v.picklist(["AUTH_USER", "AUTH_APP"]), port], "wants AUTH_USER, AUTH_APP or a number")),
  attribute: v.optional(text),
  verdict: v.optional(v.picklist(["accept", "refuse"], "there are accept, refuse")),
  errorValue: v.optional(port),
  preemptionPriority: v.optional(priority),
  defendingPriority: v.optional(priority),
  signalledPriority: v.optional(flag),
  announcePriority: v.optional(flag),
});

const Session = v.strictObject({
  name: text,
  /** A node's name, or an address. */
  destination: text,
  /** Of the node's address, where the destination is a name. */
  family: v.optional(v.picklist([4, 6], "there are 4 and 6"), 4),
  port: v.optional(port, 0),
  protocol: v.optional(
    v.union([v.picklist(["udp", "tcp"]), v.pipe(whole, v.maxValue(255))], "wants udp, tcp or a number"),
  ),
});

/** A token bucket (RFC 2215), and for a FLOWSPEC of guaranteed service R and S (RFC 2212). */
const tokenBucket = {
  tokenBucketSizeBytes: v.optional(positive),
  peakRateBytesPerSecond: v.optional(positive),
  minimumPolicedUnitBytes: v.optional(whole),
  maximumPacketSizeBytes: v.optional(whole),
};

const base = { atMs: number };
const application = { ...base, node: text, session: text, application: v.optional(text) };

const Event = v.variant(
  "do",
  [
    v.strictObject({
      ...application,
      do: v.literal("send"),
      port: v.optional(port, 0),
      ttl: v.optional(v.pipe(whole, v.maxValue(255))),
      tokenBucketRateBytesPerSecond: positive,
      ...tokenBucket,
    }),
    v.strictObject({ ...application, do: v.literal("withdraw") }),
    v.strictObject({
      ...application,
      do: v.literal("reserve"),
      style,
      confirm: v.optional(flag),
      /** Nodes whose senders it is for; all that are heard of if absent. */
      senders: v.optional(v.array(text)),
      service: v.optional(v.picklist(["controlled-load", "guaranteed"], "there are controlled-load, guaranteed")),
      rateBytesPerSecond: v.optional(positive),
      slackTermMicroseconds: v.optional(whole),
      /** In a PREEMPTION_PRI element (RFC 3181); defendingPriority is the same if absent. */
      preemptionPriority: v.optional(priority),
      defendingPriority: v.optional(priority),
      mergeStrategy: v.optional(
        v.picklist(["highest-qos", "highest-priority", "error"], "there are highest-qos, highest-priority, error"),
      ),
      /** What the senders announce, if absent. */
      tokenBucketRateBytesPerSecond: v.optional(positive),
      ...tokenBucket,
    }),
    v.strictObject({ ...application, do: v.literal("unreserve") }),
    v.strictObject({ ...application, do: v.literal("release") }),
    v.strictObject({
      ...application,
      do: v.literal("ping-path"),
      /** The node whose sender it is, and that sender's port. */
      sender: text,
      port: v.optional(port, 0),
      maximumHops: v.optional(v.pipe(whole, v.maxValue(255, "there are 255 hops at the most"))),
      /** The reply comes back node by node (RFC 2745 3.5). */
      back: v.optional(flag),
    }),
    v.strictObject({ ...base, do: v.literal("link-down"), link: text }),
    v.strictObject({ ...base, do: v.literal("link-up"), link: text }),
    v.strictObject({ ...base, do: v.literal("link-metric"), link: text, metric: positive }),
    v.strictObject({ ...base, do: v.literal("link-faults"), link: text, ...faults }),
    v.strictObject({ ...base, do: v.literal("crash"), node: text }),
    v.strictObject({ ...base, do: v.literal("restart"), node: text }),
    v.strictObject({ ...base, do: v.literal("preempt"), node: text, session: text }),
  ],
  (issue) =>
    `wants send, withdraw, reserve, unreserve, release, ping-path, link-down, link-up, link-metric, link-faults, crash, ` +
    `restart or preempt, not ${issue.received}`,
);

const cell = v.union([v.string(), v.number(), v.boolean()], "wants text, a number, true or false");
const counted = {
  atMs: number,
  /** How many there must be exactly; one or more if absent. */
  count: v.optional(whole),
};

const Assertion = v.variant("of", [
  v.strictObject({
    ...counted,
    of: v.literal("table"),
    node: text,
    table: v.picklist(
      ["sessions", "senders", "requests", "reservations", "installed", "blockade", "neighbours"],
      "there are sessions, senders, requests, reservations, installed, blockade, neighbours",
    ),
    session: v.optional(text),
    /** Columns that must have these values, as `--json` shows them. */
    where: v.optional(v.record(v.string(), cell), {}),
  }),
  v.strictObject({
    ...counted,
    of: v.literal("event"),
    node: text,
    session: v.optional(text),
    kind: v.picklist(
      ["PATH_EVENT", "RESV_EVENT", "PATH_ERROR", "RESV_ERROR", "RESV_CONFIRM", "DIAGNOSTIC_REPLY"],
      "there are PATH_EVENT, RESV_EVENT, PATH_ERROR, RESV_ERROR, RESV_CONFIRM, DIAGNOSTIC_REPLY",
    ),
    fromMs: v.optional(number, 0),
    where: v.optional(v.record(v.string(), cell), {}),
  }),
  v.strictObject({
    ...counted,
    of: v.literal("message"),
    message: text,
    from: v.optional(text),
    to: v.optional(text),
    fromMs: v.optional(number, 0),
  }),
], (issue) => `wants table, event or message, not ${issue.received}`);

export const ScenarioSchema = v.strictObject({
  title: v.optional(text),
  /** How long it goes on; by default a second longer than the last that it names. */
  durationMs: v.optional(positive),
  settings: v.optional(Settings, {}),
  nodes: v.pipe(v.array(Node), v.minLength(1, "there must be a node")),
  links: v.optional(v.array(Link), []),
  policy: v.optional(v.array(Policy), []),
  sessions: v.optional(v.array(Session), []),
  events: v.optional(v.array(Event), []),
  assertions: v.optional(v.array(Assertion), []),
});

export type ScenarioFile = v.InferOutput<typeof ScenarioSchema>;
export type ScenarioPolicy = ScenarioFile["policy"][number];
export type ScenarioEvent = ScenarioFile["events"][number];
export type ScenarioAssertion = ScenarioFile["assertions"][number];
