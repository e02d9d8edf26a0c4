/**
 * Routes: EXPLICIT_ROUTE, RECORD_ROUTE, EXCLUDE_ROUTE and their kin, which are lists of the sub-objects described in
 * `route_subobjects.ts`. The lists of the secondary routes and of the primary path are read with the same families: the
 * registry gives them one number space (37 is meant for SECONDARY_EXPLICIT_ROUTE only, RFC 4873 section 4.1).
 */
import type { ObjectDescription, Rest } from "../schema.ts";

const explicit: Rest = {
  kind: "items",
  name: "subobjects",
  family: "EXPLICIT_ROUTE",
  doc: "The hops, the next one first.",
};
const recorded: Rest = {
  kind: "items",
  name: "subobjects",
  family: "RECORD_ROUTE",
  doc: "The hops passed, the last one first.",
};
const excluded: Rest = {
  kind: "items",
  name: "subobjects",
  family: "EXCLUDE_ROUTE",
  doc: "What the path must not use or should avoid.",
};

export const OBJECTS: readonly ObjectDescription[] = [
  {
    name: "EXPLICIT_ROUTE",
    class: 20,
    ctype: 1,
    form: "",
    rfc: "RFC 3209 4.3",
    doc: "ERO: the path that the LSP has to take.",
    rest: explicit,
    vectors: [
      // IPv4 prefix strict, IPv4 prefix loose, AS 65000.
      "001814010108c0000201200081080a00000008002004fde8",
      // IPv6 prefix, generalized label upstream, unnumbered interface, 4-byte AS, OSPF area.
      "003c1401021420010db800000000000000000000000180000308800200000ce4040c00000a0000010000000705080000000100000608000000000001",
      // EXRS with an excluded IPv4 prefix and an SRLG, hop attributes with Attribute Flags, a 32-bit path key.
      "002c14012114000001080a00000120002208000012340000230c00010001000800002000400812340a000009",
      // Those whose contents are not described.
      "00441401070c030049000100000000002408100100003e80260c10010a000001000000022718100120010db8000000000000000000000001000000022808100100000000",
    ],
  },
  {
    name: "RECORD_ROUTE",
    class: 21,
    ctype: 1,
    form: "",
    rfc: "RFC 3209 4.4",
    doc: "RRO: the path that the message has taken.",
    rest: recorded,
    vectors: [
      // IPv4 with node protection and node-id, label.
      "0014150101080a00000220290308010100000010",
      // IPv6, unnumbered interface, RRO attributes.
      "002c1501021420010db80000000000000000000000028003040c01000a000002000000090508000008000000",
      // SRLG, hop attributes with ETLD, a 128-bit path key.
      "002c15012208000000000bad230c000000060008000000044114567820010db8000000000000000000000009",
      // Those whose contents are not described.
      "003015012408100100003e80260800000a0000012714000020010db80000000000000000000000012808100100000000",
    ],
  },
  {
    name: "PRIMARY_PATH_ROUTE",
    class: 38,
    ctype: 1,
    form: "",
    rfc: "RFC 4872 15",
    doc: "PPRO: the path of the primary LSP, so that a shared-mesh secondary LSP can share resources.",
    rest: explicit,
    vectors: ["0014260101080a000001200001080a0000022000"],
  },
  {
    name: "SECONDARY_EXPLICIT_ROUTE",
    class: 200,
    ctype: 1,
    form: "",
    rfc: "RFC 4873 4.1",
    doc: "SERO: the path of an LSP that recovers a segment; starts with the branch node, ends with the merge node.",
    rest: explicit,
    vectors: ["0020c80101080a0000012000250c0002000200000000000001080a0000032000"],
  },
  {
    name: "SECONDARY_EXPLICIT_ROUTE",
    class: 200,
    ctype: 2,
    form: "P2MP",
    rfc: "RFC 4875 19.5",
    doc: "The path of one S2L sub-LSP after the first, from where it branches off.",
    rest: explicit,
    vectors: ["0014c80201080a000001200081080a0000042000"],
  },
  {
    name: "SECONDARY_RECORD_ROUTE",
    class: 201,
    ctype: 1,
    form: "",
    rfc: "RFC 4873 5",
    doc: "SRRO: the path taken by an LSP that recovers a segment.",
    rest: recorded,
    vectors: ["0018c90101080a0000012000250c00020002000000000000"],
  },
  {
    name: "SECONDARY_RECORD_ROUTE",
    class: 201,
    ctype: 2,
    form: "P2MP",
    rfc: "RFC 4875 19.6",
    doc: "The path taken by one S2L sub-LSP after the first.",
    rest: recorded,
    vectors: ["0014c90201080a00000420010308010100000011"],
  },
  {
    name: "EXCLUDE_ROUTE",
    class: 232,
    ctype: 1,
    form: "",
    rfc: "RFC 4874 3.1",
    doc: "XRO: what the whole path must not use or should avoid.",
    rest: excluded,
    vectors: [
      // IPv4 node, IPv6 interface to avoid, unnumbered interface.
      "002ce80101080a0000012001821420010db80000000000000000000000014000040c00010a00000300000005",
      // AS number, SRLG, label, switching capability.
      "001ce8012004fde82208000012340000030800020000006423040164",
      // Those whose contents are not described.
      "004ce801050800000000fde806080000000000010708030049000100210c000001080a0000012000260c10010a000001000000022718100120010db800000000000000000000000100000002",
    ],
  },
];
