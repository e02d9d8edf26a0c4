/**
 * The binary layout of QOS structures, so that a buffer made elsewhere can be read: sizes and places of members.
 *
 * Numbers are little-endian, addresses and ports inside are in network order. Pointers are 32 bits. A QOS and its
 * provider-specific buffer are one block of memory, and what the objects point to lies in that block too: a pointer less
 * the address at which the block stood is a place in it. That address need not be known where the provider-specific
 * buffer directly follows the QOS: it follows from the pointer to that buffer.
 *
 * The documentation does not say whether ObjectLength covers what an object points to. Here it does, when written, so
 * that a walk over the objects cannot come upon anything else; read are both.
 */

/** FLOWSPEC. */
export const FLOWSPEC_BYTES = 32;
/** QOS: both flowspecs, then length and pointer of the provider-specific buffer. */
export const QOS_BYTES = 72;
/** Places in a QOS. */
export const QOS_AT = { sending: 0, receiving: 32, providerLength: 64, providerPointer: 68 } as const;

/** QOS_OBJECT_HDR: type, then length with these bytes. */
export const OBJECT_HEADER_BYTES = 8;
/** Sizes of objects as far as they are fixed. */
export const OBJECT_BYTES = {
  STATUS_INFO: 20,
  RESERVE_INFO: 28,
  ADSPEC: 32,
  POLICY_INFO: 12,
  FILTERSPEC_LIST: 12,
  SHAPING_MODE: 12,
  SHAPING_RATE: 12,
  DESTINATION_ADDRESS: 16,
  DS_CLASS: 12,
  TRAFFIC_CLASS: 12,
} as const;

/** Places in an RSVP_RESERVE_INFO. */
export const RESERVE_AT = { style: 8, confirmRequest: 12, policy: 16, descriptorCount: 20, descriptors: 24 } as const;
/** FLOWDESCRIPTOR: a FLOWSPEC, then count and pointer of its filters. */
export const DESCRIPTOR_BYTES = 40;
/** RSVP_FILTERSPEC: type, then one of five kinds of filter. */
export const FILTER_BYTES = 24;
/** Marks the end of a list of filters before its count is reached. */
export const FILTER_END = 6;
/** RSVP_POLICY: length with these bytes, then type. */
export const POLICY_HEADER_BYTES = 4;
/** AD_GENERAL_PARAMS. */
export const GENERAL_BYTES = 20;
/** CONTROL_SERVICE: length, service, overrides; then AD_GUARANTEED where it is that service. */
export const SERVICE_BYTES = 28, GUARANTEED_SERVICE_BYTES = 44;
/** AD_FLAG_BREAK_BIT. */
export const BREAK_BIT = 1;

/** SOCKADDR_IN and SOCKADDR_IN6. */
export const SOCKET_ADDRESS = { ipv4Family: 2, ipv4Bytes: 16, ipv6Family: 23, ipv6Bytes: 28 } as const;

/** How a block is to be read or written. */
export interface LayoutOptions {
  /** Address of the block's first byte in the memory that its pointers speak of. */
  baseAddress?: number;
}
