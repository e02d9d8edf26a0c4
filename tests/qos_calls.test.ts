/** QOS calls without a network: which sessions a socket takes part in, and every error that a call can give. */
import { qosFlowspec } from "../host/qos/flowspec.ts";
import { defaultStyle, receiverMatches, senderMatches, type SocketState } from "../host/qos/matching.ts";
import type { ProviderObject } from "../host/qos/provider_objects.ts";
import { qos, type QosInput } from "../host/qos/qos.ts";
import { SERVICE_TYPE } from "../host/qos/service_types.ts";
import { QOS_ERROR, QosError, type QosErrorName } from "../host/qos/status.ts";
import { type SocketKind, validateQos } from "../host/qos/validate.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "./assert.ts";

const { CONTROLLEDLOAD, GUARANTEED, QUALITATIVE, GENERAL_INFORMATION } = SERVICE_TYPE;

const A = "10.0.0.1", ANY = "0.0.0.0", PEER = { address: "10.9.9.9", port: 9 };
const LOCALS = (family: number) => family === 4 ? ["10.0.0.1", "10.0.1.1"] : ["fd00::1"];
const state = (more: Partial<SocketState>): SocketState => ({ protocol: "udp", groups: [], destinations: [], ...more });
const group = { address: "239.1.1.1", port: 7, sends: true, receives: true };

/** A line of the matching table: the socket, the sessions it receives (`address/port[ from peer]`), its style. */
const RECEIVERS: [string, SocketState, string[], string][] = [
  ["TCP not connected", state({ protocol: "tcp", local: { address: A, port: 5 } }), [], "FF"],
  ["TCP bound and connected", state({ protocol: "tcp", local: { address: A, port: 5 }, peer: PEER }), [
    `${A}/5 from 10.9.9.9/9`,
  ], "FF"],
  [
    "TCP bound to any address and connected",
    state({ protocol: "tcp", local: { address: ANY, port: 5 }, peer: PEER }),
    [],
    "FF",
  ],
  ["UDP not bound", state({}), [], "WF"],
  ["UDP not bound, connected", state({ peer: PEER }), [], "FF"],
  ["UDP bound to any address", state({ local: { address: ANY, port: 5 } }), [`${A}/5`, "10.0.1.1/5"], "WF"],
  ["UDP bound to any IPv6 address", state({ local: { address: "::", port: 5 } }), ["fd00::1/5"], "WF"],
  ["UDP bound to an address", state({ local: { address: A, port: 5 } }), [`${A}/5`], "WF"],
  ["UDP bound to any address, connected", state({ local: { address: ANY, port: 5 }, peer: PEER }), [
    `${A}/5 from 10.9.9.9/9`,
    "10.0.1.1/5 from 10.9.9.9/9",
  ], "FF"],
  ["UDP bound to an address, connected", state({ local: { address: A, port: 5 }, peer: PEER }), [
    `${A}/5 from 10.9.9.9/9`,
  ], "FF"],
  [
    "multicast, not joined",
    state({ local: { address: A, port: 5 }, peer: { address: group.address, port: 7 } }),
    [],
    "FF",
  ],
  ["multicast, joined, whatever it is bound to", state({ local: { address: A, port: 5 }, groups: [group] }), [
    "239.1.1.1/7",
  ], "WF"],
  ["multicast, joined, not bound", state({ groups: [group] }), ["239.1.1.1/7"], "WF"],
  [
    "multicast, joined to send only",
    state({ local: { address: A, port: 5 }, groups: [{ ...group, receives: false }] }),
    [],
    "WF",
  ],
  ["multicast, two groups", state({ groups: [group, { ...group, port: 8 }] }), ["239.1.1.1/7", "239.1.1.1/8"], "WF"],
];

for (const [name, socket, sessions, style] of RECEIVERS) {
  Deno.test(`qos matching, receiver: ${name}`, () => {
    const found = receiverMatches(socket, LOCALS).map(({ session, peer }) =>
      `${session.destination}/${session.port}${peer ? ` from ${peer.address}/${peer.port}` : ""}`
    );
    assertEquals([found, defaultStyle(socket)], [sessions, style]);
  });
}

const to = [{ address: "10.2.2.2", port: 3 }, { address: "10.3.3.3", port: 4 }];
const SENDERS: [string, SocketState, string[]][] = [
  ["UDP connected, not bound", state({ peer: PEER }), []],
  ["UDP bound and connected", state({ local: { address: A, port: 5 }, peer: PEER }), ["10.9.9.9/9"]],
  ["UDP unconnected, with destination addresses", state({ local: { address: A, port: 5 }, destinations: to }), [
    "10.2.2.2/3",
    "10.3.3.3/4",
  ]],
  [
    "UDP connected: destination addresses do not count",
    state({ local: { address: A, port: 5 }, peer: PEER, destinations: to }),
    ["10.9.9.9/9"],
  ],
  [
    "UDP that sends to a group which it has not joined",
    state({ local: { address: A, port: 5 }, destinations: [group] }),
    [],
  ],
  ["UDP connected to a group which it has not joined", state({ local: { address: A, port: 5 }, peer: group }), []],
  ["multicast joined", state({ local: { address: A, port: 5 }, groups: [group] }), ["239.1.1.1/7"]],
  [
    "multicast joined to receive only",
    state({ local: { address: A, port: 5 }, groups: [{ ...group, sends: false }] }),
    [],
  ],
  ["TCP connected", state({ protocol: "tcp", local: { address: A, port: 5 }, peer: PEER }), ["10.9.9.9/9"]],
  ["TCP not connected", state({ protocol: "tcp", local: { address: A, port: 5 } }), []],
];

for (const [name, socket, sessions] of SENDERS) {
  Deno.test(`qos matching, sender: ${name}`, () => {
    assertEquals(senderMatches(socket).map(({ session }) => `${session.destination}/${session.port}`), sessions);
  });
}

const UDP: SocketKind = { protocol: "udp", family: 4, connected: false, multicast: false };
const CONNECTED = { ...UDP, connected: true };
const sends = (flowspec: object): QosInput => ({
  sendingFlowspec: { serviceType: CONTROLLEDLOAD, tokenRateBytesPerSecond: 9, ...flowspec },
});
const receives = (flowspec: object): QosInput => ({ receivingFlowspec: { serviceType: GUARANTEED, ...flowspec } });
const object = (providerSpecific: unknown): QosInput => ({ providerSpecific: [providerSpecific as ProviderObject] });
const reserve = (more: object) => object({ object: "RESERVE_INFO", ...more });
const filters = [{ address: "10.2.2.2", port: 3 }];
const descriptor = (more: object = {}) => ({ flowspec: qosFlowspec(), filters, ...more });

/** What is refused: the QOS, the error, the member that the message names, the kind of socket. */
const REFUSED: [QosInput, QosErrorName, string, SocketKind?][] = [
  [sends({ serviceType: 4 }), "ESERVICETYPE", "sendingFlowspec.serviceType"],
  [sends({ serviceType: 99 }), "ESERVICETYPE", "sendingFlowspec.serviceType"],
  [sends({ serviceType: 0x80020000 }), "ESERVICETYPE", "sendingFlowspec.serviceType"],
  [receives({ serviceType: GENERAL_INFORMATION }), "ESERVICETYPE", "receivingFlowspec.serviceType"],
  [sends({ tokenRateBytesPerSecond: undefined }), "EFLOWSPEC", "sendingFlowspec.tokenRateBytesPerSecond"],
  [sends({ tokenRateBytesPerSecond: 0 }), "EFLOWSPEC", "sendingFlowspec.tokenRateBytesPerSecond"],
  [sends({ tokenRateBytesPerSecond: Infinity }), "EFLOWSPEC", "sendingFlowspec.tokenRateBytesPerSecond"],
  [sends({ tokenRateBytesPerSecond: 1.5 }), "EFLOWSPEC", "sendingFlowspec.tokenRateBytesPerSecond"],
  [sends({ tokenRateBytesPerSecond: -1 }), "EFLOWSPEC", "sendingFlowspec.tokenRateBytesPerSecond"],
  [sends({ latencyMicroseconds: NaN }), "EFLOWSPEC", "sendingFlowspec.latencyMicroseconds"],
  [sends({ peakBandwidthBytesPerSecond: 8 }), "EFLOWSPEC", "sendingFlowspec.peakBandwidthBytesPerSecond"],
  [sends({ minimumPolicedSizeBytes: 0 }), "EFLOWSPEC", "sendingFlowspec.minimumPolicedSizeBytes"],
  [sends({ minimumPolicedSizeBytes: 9, maxSduSizeBytes: 8 }), "EFLOWSPEC", "sendingFlowspec.minimumPolicedSizeBytes"],
  [sends({ maxSduSizeBytes: 0 }), "EFLOWSPEC", "sendingFlowspec.maxSduSizeBytes"],
  [sends({ tokenBucketSizeBytes: 0 }), "EFLOWSPEC", "sendingFlowspec.tokenBucketSizeBytes"],
  [
    receives({ tokenRateBytesPerSecond: 9, latencyMicroseconds: 9 }),
    "EFLOWSPEC",
    "receivingFlowspec.latencyMicroseconds",
  ],
  [receives({ tokenRateBytesPerSecond: Infinity }), "EFLOWSPEC", "receivingFlowspec.tokenRateBytesPerSecond"],
  [reserve({ style: 4 }), "EFILTERSTYLE", "providerSpecific[0].style"],
  [reserve({ style: 1 }), "EFILTERSTYLE", "providerSpecific[0].style", CONNECTED],
  [reserve({ style: 3, flowDescriptors: [descriptor()] }), "EFILTERSTYLE", "providerSpecific[0].style", CONNECTED],
  [reserve({ style: 2 }), "EFLOWCOUNT", "providerSpecific[0].flowDescriptors"],
  [reserve({ style: 3 }), "EFLOWCOUNT", "providerSpecific[0].flowDescriptors"],
  [
    reserve({ style: 3, flowDescriptors: [descriptor(), descriptor()] }),
    "EFLOWCOUNT",
    "providerSpecific[0].flowDescriptors",
  ],
  [reserve({ style: 1, flowDescriptors: [descriptor()] }), "EFLOWCOUNT", "providerSpecific[0].flowDescriptors"],
  [
    reserve({ style: 2, flowDescriptors: [descriptor()] }),
    "EFLOWCOUNT",
    "providerSpecific[0].flowDescriptors",
    CONNECTED,
  ],
  [
    reserve({ style: 2, flowDescriptors: [descriptor({ filters: [...filters, ...filters] })] }),
    "EFILTERCOUNT",
    "providerSpecific[0].flowDescriptors[0].filters",
  ],
  [
    reserve({ style: 3, flowDescriptors: [descriptor({ filters: [] })] }),
    "EFILTERCOUNT",
    "providerSpecific[0].flowDescriptors[0].filters",
  ],
  [
    reserve({ style: 3, flowDescriptors: [descriptor({ filters: Array(100).fill(filters[0]) })] }),
    "EFILTERCOUNT",
    "providerSpecific[0].flowDescriptors[0].filters",
  ],
  [
    reserve({ style: 3, flowDescriptors: [descriptor({ filters: [{ ...filters[0], type: 6 }] })] }),
    "EFILTERTYPE",
    "providerSpecific[0].flowDescriptors[0].filters[0].type",
  ],
  [
    reserve({ style: 3, flowDescriptors: [descriptor({ filters: [{ ...filters[0], type: 4 }] })] }),
    "EFILTERTYPE",
    "providerSpecific[0].flowDescriptors[0].filters[0].type",
  ],
  [
    reserve({ style: 3, flowDescriptors: [descriptor({ filters: [{ address: "fd00::1" }] })] }),
    "EPSFILTERSPEC",
    "providerSpecific[0].flowDescriptors[0].filters[0].address",
  ],
  [
    reserve({ style: 3, flowDescriptors: [descriptor({ filters: [{ address: "10.2.2.2", port: 65536 }] })] }),
    "EPSFILTERSPEC",
    "providerSpecific[0].flowDescriptors[0].filters[0].port",
  ],
  [
    reserve({
      style: 3,
      flowDescriptors: [descriptor({ flowspec: qosFlowspec({ serviceType: 3, tokenRateBytesPerSecond: 0 }) })],
    }),
    "EPSFLOWSPEC",
    "providerSpecific[0].flowDescriptors[0].flowspec.tokenRateBytesPerSecond",
  ],
  [
    reserve({ policyElements: [{ type: 1, content: "0102" }] }),
    "EPOLICYOBJ",
    "providerSpecific[0].policyElements[0].content",
  ],
  [
    reserve({ policyElements: [{ type: 65536, content: "" }] }),
    "EPOLICYOBJ",
    "providerSpecific[0].policyElements[0].type",
  ],
  [
    reserve({ policyElements: [{ type: 0, content: "" }] }),
    "RESERVED_PETYPE",
    "providerSpecific[0].policyElements[0].type",
  ],
  [object({ object: "SHAPING_MODE", mode: 3 }), "ESDMODEOBJ", "providerSpecific[0].mode"],
  [object({ object: "SHAPING_MODE", mode: 4 }), "ESDMODEOBJ", "providerSpecific[0].mode"],
  [object({ object: "SHAPING_MODE", mode: 1 }), "ESDMODEOBJ", "providerSpecific[0].mode"],
  [
    object({ object: "SHAPING_RATE", rateBytesPerSecond: 0 }),
    "ESHAPERATEOBJ",
    "providerSpecific[0].rateBytesPerSecond",
  ],
  [object({ object: "TRAFFIC_CLASS", trafficClass: 8 }), "EPROVSPECBUF", "providerSpecific[0].trafficClass"],
  [object({ object: "DS_CLASS", dsField: 64 }), "EPROVSPECBUF", "providerSpecific[0].dsField"],
  [object({ object: "UNKNOWN", type: 77, content: "" }), "EUNKNOWNPSOBJ", "providerSpecific[0]"],
  [object({ object: "FILTERSPEC_LIST", filters: [] }), "EUNKNOWNPSOBJ", "providerSpecific[0]"],
  [
    object({ object: "DESTINATION_ADDRESS", address: "10.1.1.1", port: 1 }),
    "EPROVSPECBUF",
    "providerSpecific[0]",
    CONNECTED,
  ],
  [
    object({ object: "DESTINATION_ADDRESS", address: "fd00::1", port: 1 }),
    "EPROVSPECBUF",
    "providerSpecific[0].address",
  ],
  [object({ object: "DESTINATION_ADDRESS", address: "10.1.1.1", port: 0 }), "EPROVSPECBUF", "providerSpecific[0].port"],
];

Deno.test("qos call: every documented error has its number and names the member", () => {
  for (const [input, name, member, kind = UDP] of REFUSED) {
    const error = assertThrows(() => validateQos(qos(input), kind), QosError);
    assertEquals([error.error, error.code, error.member], [name, QOS_ERROR[name], member], error.message);
    assertStringIncludes(error.message, `${member}: `);
    assertStringIncludes(error.message, `[${name} ${QOS_ERROR[name]}]`);
  }
});

Deno.test("qos call: what stands beside each error is accepted", () => {
  const accepted: [QosInput, SocketKind?][] = [
    [sends({})],
    [sends({ serviceType: GENERAL_INFORMATION, peakBandwidthBytesPerSecond: Infinity })],
    [{ sendingFlowspec: { serviceType: QUALITATIVE } }],
    [{ sendingFlowspec: { serviceType: SERVICE_TYPE.NOTRAFFIC, tokenRateBytesPerSecond: 0 } }],
    [receives({ tokenRateBytesPerSecond: 9, delayVariationMicroseconds: 9, latencyMicroseconds: 9 })],
    [receives({ delayVariationMicroseconds: 9, latencyMicroseconds: 9 })],
    [receives({})],
    [reserve({ style: 2 }), CONNECTED],
    [reserve({ style: 2, flowDescriptors: [descriptor(), descriptor()] })],
    [reserve({ style: 3, flowDescriptors: [descriptor({ filters: [...filters, ...filters] })] })],
    [reserve({ style: 1, policyElements: [{ type: 2, content: "01020304" }] })],
    [{ ...sends({}), ...object({ object: "SHAPING_MODE", mode: 1 }) }],
    [object({ object: "DESTINATION_ADDRESS", address: "10.1.1.1", port: 1 })],
  ];
  for (const [input, kind = UDP] of accepted) validateQos(qos(input), kind);
});
