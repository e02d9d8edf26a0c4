// Headers of the objects that nearly all messages are made of, as they stand in memory: length, class, C-Type (RFC 2205
// section 3.1.2 and appendix A, RFC 2210 section 3). Addresses are of IPv4, senders have a port.
export const HEADER_SESSION: u32 = 0x01010c00;
export const HEADER_RSVP_HOP: u32 = 0x01030c00;
export const HEADER_TIME_VALUES: u32 = 0x01050800;
export const HEADER_ERROR_SPEC: u32 = 0x01060c00;
export const HEADER_STYLE: u32 = 0x01080800;
export const HEADER_CONTROLLED_LOAD_FLOWSPEC: u32 = 0x02092400;
export const HEADER_GUARANTEED_FLOWSPEC: u32 = 0x02093000;
export const HEADER_FILTER_SPEC: u32 = 0x010a0c00;
export const HEADER_SENDER_TEMPLATE: u32 = 0x010b0c00;
export const HEADER_SENDER_TSPEC: u32 = 0x020c2400;
export const HEADER_ADSPEC: u32 = 0x020d5400;
export const HEADER_RESV_CONFIRM: u32 = 0x010f0800;
