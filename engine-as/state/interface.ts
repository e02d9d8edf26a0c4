// Interfaces by handle: what INTERFACE said, the capacity in use, and whether UDP encapsulation has been heard on it
// (RFC 2205 appendix C). The handle is also the logical interface handle (LIH) that we send.
import {
  INPUT_INTERFACE_BLOCKADE_MULTIPLIER,
  INPUT_INTERFACE_BYTES,
  INPUT_INTERFACE_GUARANTEED_ERROR_TERM_BYTES,
  INPUT_INTERFACE_GUARANTEED_ERROR_TERM_MICROSECONDS,
  INPUT_INTERFACE_INTERFACE,
  INPUT_INTERFACE_IPV4,
  INPUT_INTERFACE_IPV4_PREFIX_LENGTH,
  INPUT_INTERFACE_IPV6,
  INPUT_INTERFACE_IPV6_LINK_LOCAL,
  INPUT_INTERFACE_IPV6_PREFIX_LENGTH,
  INPUT_INTERFACE_LIFETIME_MULTIPLIER,
  INPUT_INTERFACE_LINK_BYTES_PER_SECOND,
  INPUT_INTERFACE_LOCAL_REPAIR_DELAY_MS,
  INPUT_INTERFACE_MINIMUM_LATENCY_MICROSECONDS,
  INPUT_INTERFACE_MTU_BYTES,
  INPUT_INTERFACE_OPTIONS,
  INPUT_INTERFACE_PER_FLOW_BYTES_PER_SECOND,
  INPUT_INTERFACE_POLICING,
  INPUT_INTERFACE_REFRESH_INTERVAL_MS,
  INPUT_INTERFACE_RESERVABLE_BYTES_PER_SECOND,
  INPUT_INTERFACE_SERVICES,
  INPUT_INTERFACE_SLEW_MAXIMUM_PERCENT,
  INPUT_INTERFACE_UDP_NEXT_HOP,
  INPUT_INTERFACE_UDP_NEXT_HOP_FAMILY,
  INPUT_INTERFACE_UDP_NEXT_HOP_TTL,
  INPUT_INTERFACE_UP,
  INTERFACE_OPTION_NO_RSVP,
  MAXIMUM_INTERFACE_HANDLE,
} from "../boundary.gen";
import { MAXIMUM_MULTIPLIER, MAXIMUM_REPAIR_DELAY_MS, MAXIMUM_SLEW_PERCENT } from "../limits";
import { setInterfaceRefresh } from "../timers/timing";
import { addressTable, insert, NO_SLOT, probeFirst, probeNext, removeValue, slotValue } from "./hash_table";
import { hashBytes, hashShort } from "./hash";
import { root } from "./memory";
import { allocate, release } from "./slab";

@unmanaged
export class Interface {
  handle: u32;
  up: u8;
  options: u8;
  policing: u8;
  // UDP copies are wanted on it, because a UDP Path was heard or the configuration says so.
  udp: u8;
  reserved: f64;
  reservableBytesPerSecond: f64;
  perFlowBytesPerSecond: f64;
  // HopParameters of merge/adspec.ts, in its order.
  linkBytesPerSecond: f32;
  minimumLatencyMicroseconds: u32;
  mtuBytes: u32;
  guaranteedC: u32;
  guaranteedD: u32;
  services: u32;
  guaranteedBytesPerSecond: f32;
  guaranteedMtuBytes: u32;
  controlledLoadBytesPerSecond: f32;
  controlledLoadMtuBytes: u32;
  reshapes: u32;
  reservations: u32;
  ipv4PrefixLength: u8;
  ipv6PrefixLength: u8;
  udpNextHopFamily: u8;
  udpNextHopTtl: u8;
  ipv4: u32;
  ipv6: u64;
  ipv6Low: u64;
  ipv6LinkLocal: u64;
  ipv6LinkLocalLow: u64;
  udpNextHop: u64;
  udpNextHopLow: u64;
  // What stands on it by priority, lowest first (standing.ts); 0 where there is no policy.
  firstClass: u32;
  // Timing of its own (timers/timing.ts), in its order; zero for the node's.
  refreshIntervalMs: u32;
  refreshTargetMs: u32;
  refreshStepAt: u32;
  lifetimeMultiplier: u32;
  blockadeMultiplier: u32;
  localRepairDelayMs: u32;
  slewMaximumPercent: u32;
  becomesNodes: u32;
}

export function interfaceByHandle(handle: u32): Interface | null {
  const state = root();
  if (handle >= state.interfaceEnd) return null;
  return changetype<Interface | null>(<usize> load<u32>(<usize> state.interfaces + <usize> handle * 4));
}

// Whether RSVP may use it: it is up and not excluded by configuration (RFC 2205 section 3.11.4).
@inline
export function speaksRsvp(iface: Interface): bool {
  return iface.up != 0 && (iface.options & INTERFACE_OPTION_NO_RSVP) == 0;
}

@inline
export function ipv4Of(iface: Interface): usize {
  return changetype<usize>(iface) + offsetof<Interface>("ipv4");
}
@inline
function ipv6Of(iface: Interface): usize {
  return changetype<usize>(iface) + offsetof<Interface>("ipv6");
}
@inline
function ipv6LinkLocalOf(iface: Interface): usize {
  return changetype<usize>(iface) + offsetof<Interface>("ipv6LinkLocal");
}
@inline
export function hopParametersOf(iface: Interface): usize {
  return changetype<usize>(iface) + offsetof<Interface>("linkBytesPerSecond");
}
@inline
export function udpNextHopOf(iface: Interface): usize {
  return changetype<usize>(iface) + offsetof<Interface>("udpNextHop");
}

// Its address of this family, or 0: for IPv6 the global one if there is one, else the link-local.
export function interfaceAddress(iface: Interface, family: u32): usize {
  if (family == 4) return iface.ipv4 != 0 ? ipv4Of(iface) : 0;
  if ((iface.ipv6 | iface.ipv6Low) != 0) return ipv6Of(iface);
  if ((iface.ipv6LinkLocal | iface.ipv6LinkLocalLow) != 0) {
    return ipv6LinkLocalOf(iface);
  }
  return 0;
}

export function hasAddress(iface: Interface, address: usize, family: u32): bool {
  if (family == 4) return iface.ipv4 != 0 && iface.ipv4 == load<u32>(address);
  const high = load<u64>(address);
  const low = load<u64>(address, 8);
  if ((high | low) == 0) return false;
  return (iface.ipv6 == high && iface.ipv6Low == low) || (iface.ipv6LinkLocal == high && iface.ipv6LinkLocalLow == low);
}

@inline
function addressHash(address: usize, family: u32): u32 {
  return hashBytes(address, family == 4 ? 4 : 16, 5);
}

// The interface that has this address, or null; any of them where several have it (unnumbered links borrow one). Asked
// for with every message, so it is one lookup however many interfaces there are.
export function interfaceByAddress(address: usize, family: u32): Interface | null {
  return family == 4 ? interfaceByIpv4(load<u32>(address)) : interfaceByAny(address, family);
}

// The same of an IPv4 address as a word in memory order.
export function interfaceByIpv4(address: u32): Interface | null {
  const table = addressTable();
  const hash = hashShort(address, 5);
  const slots = <usize> table.slots;
  const mask = table.mask;
  let slot = hash & mask;
  while (true) {
    const at = slots + <usize> slot * 8;
    const value = load<u32>(at, 4);
    if (value == 0) return null;
    if (load<u32>(at) == hash) {
      const iface = changetype<Interface>(<usize> value);
      if (iface.ipv4 != 0 && iface.ipv4 == address) return iface;
    }
    slot = (slot + 1) & mask;
  }
}

function interfaceByAny(address: usize, family: u32): Interface | null {
  const table = addressTable();
  const hash = addressHash(address, family);
  let slot = probeFirst(table, hash);
  while (slot != NO_SLOT) {
    const iface = changetype<Interface>(<usize> slotValue(table, slot));
    if (hasAddress(iface, address, family)) return iface;
    slot = probeNext(table, hash, slot);
  }
  return null;
}

function learnAddress(iface: Interface, address: usize, family: u32): void {
  if (!hasAddress(iface, address, family) || interfaceByAddress(address, family)) return;
  insert(addressTable(), addressHash(address, family), <u32> changetype<usize>(iface));
}

// Called while the interface still has the address.
function forgetAddress(iface: Interface, address: usize, family: u32): void {
  if (interfaceByAddress(address, family) != iface) return;
  removeValue(addressTable(), addressHash(address, family), <u32> changetype<usize>(iface));
  for (let handle: u32 = 1; handle < root().interfaceEnd; handle++) {
    const other = interfaceByHandle(handle);
    if (other != null && other != iface) learnAddress(other, address, family);
  }
}

// Takes the addresses of an INTERFACE record.
function setAddresses(iface: Interface, record: usize): void {
  const ipv6 = ipv6Of(iface);
  const linkLocal = ipv6LinkLocalOf(iface);
  if (
    load<u32>(record, INPUT_INTERFACE_IPV4) == iface.ipv4 &&
    memory.compare(record + INPUT_INTERFACE_IPV6, ipv6, 16) == 0 &&
    memory.compare(record + INPUT_INTERFACE_IPV6_LINK_LOCAL, linkLocal, 16) == 0
  ) return;
  forgetAddress(iface, ipv4Of(iface), 4);
  forgetAddress(iface, ipv6, 6);
  forgetAddress(iface, linkLocal, 6);
  iface.ipv4 = load<u32>(record, INPUT_INTERFACE_IPV4);
  memory.copy(ipv6, record + INPUT_INTERFACE_IPV6, 16);
  memory.copy(linkLocal, record + INPUT_INTERFACE_IPV6_LINK_LOCAL, 16);
  learnAddress(iface, ipv4Of(iface), 4);
  learnAddress(iface, ipv6, 6);
  learnAddress(iface, linkLocal, 6);
}

export function samePrefix(a: usize, b: usize, bits: u32): bool {
  let at: usize = 0;
  let left = bits;
  while (left >= 8) {
    if (load<u8>(a + at) != load<u8>(b + at)) return false;
    at += 1;
    left -= 8;
  }
  if (left == 0) return true;
  const mask = <u8> (0xff00 >>> left);
  return (load<u8>(a + at) & mask) == (load<u8>(b + at) & mask);
}

// Whether the address is on the interface's own link.
export function isOnLink(iface: Interface, address: usize, family: u32): bool {
  if (family == 4) return iface.ipv4PrefixLength != 0 && samePrefix(ipv4Of(iface), address, iface.ipv4PrefixLength);
  if (load<u8>(address) == 0xfe && (load<u8>(address, 1) & 0xc0) == 0x80) return true;
  return iface.ipv6PrefixLength != 0 && samePrefix(ipv6Of(iface), address, iface.ipv6PrefixLength);
}

function ensureCapacity(handle: u32): void {
  const state = root();
  if (handle < state.interfaceCapacity) return;
  let capacity = max<u32>(state.interfaceCapacity, 16);
  while (capacity <= handle) capacity *= 2;
  const grown = allocate(<usize> capacity * 4);
  if (state.interfaces != 0) {
    memory.copy(grown, state.interfaces, <usize> state.interfaceCapacity * 4);
    release(state.interfaces, <usize> state.interfaceCapacity * 4);
  }
  state.interfaces = <u32> grown;
  state.interfaceCapacity = capacity;
}

// Takes an INTERFACE record; capacity in use survives a change. Returns null for a handle out of range or a short record.
export function configureInterface(record: usize, length: u32): Interface | null {
  const handle = load<u32>(record, INPUT_INTERFACE_INTERFACE);
  if (length < <u32> INPUT_INTERFACE_BYTES || handle == 0 || handle > MAXIMUM_INTERFACE_HANDLE) return null;
  ensureCapacity(handle);
  root().interfaceEnd = max(root().interfaceEnd, handle + 1);
  const slot = <usize> root().interfaces + <usize> handle * 4;
  const isNew = load<u32>(slot) == 0;
  if (isNew) store<u32>(slot, <u32> allocate(offsetof<Interface>()));
  const iface = changetype<Interface>(<usize> load<u32>(slot));
  iface.handle = handle;
  iface.up = load<u8>(record, INPUT_INTERFACE_UP);
  iface.options = load<u8>(record, INPUT_INTERFACE_OPTIONS);
  iface.policing = load<u8>(record, INPUT_INTERFACE_POLICING);
  iface.reservableBytesPerSecond = load<f64>(record, INPUT_INTERFACE_RESERVABLE_BYTES_PER_SECOND);
  iface.perFlowBytesPerSecond = load<f64>(record, INPUT_INTERFACE_PER_FLOW_BYTES_PER_SECOND);
  iface.linkBytesPerSecond = <f32> load<f64>(record, INPUT_INTERFACE_LINK_BYTES_PER_SECOND);
  iface.minimumLatencyMicroseconds = load<u32>(record, INPUT_INTERFACE_MINIMUM_LATENCY_MICROSECONDS);
  iface.mtuBytes = load<u32>(record, INPUT_INTERFACE_MTU_BYTES);
  iface.guaranteedC = load<u32>(record, INPUT_INTERFACE_GUARANTEED_ERROR_TERM_BYTES);
  iface.guaranteedD = load<u32>(record, INPUT_INTERFACE_GUARANTEED_ERROR_TERM_MICROSECONDS);
  iface.services = load<u32>(record, INPUT_INTERFACE_SERVICES);
  iface.ipv4PrefixLength = load<u8>(record, INPUT_INTERFACE_IPV4_PREFIX_LENGTH);
  iface.ipv6PrefixLength = load<u8>(record, INPUT_INTERFACE_IPV6_PREFIX_LENGTH);
  iface.udpNextHopFamily = load<u8>(record, INPUT_INTERFACE_UDP_NEXT_HOP_FAMILY);
  iface.udpNextHopTtl = load<u8>(record, INPUT_INTERFACE_UDP_NEXT_HOP_TTL);
  iface.lifetimeMultiplier = min<u32>(load<u32>(record, INPUT_INTERFACE_LIFETIME_MULTIPLIER), MAXIMUM_MULTIPLIER);
  iface.blockadeMultiplier = min<u32>(load<u32>(record, INPUT_INTERFACE_BLOCKADE_MULTIPLIER), MAXIMUM_MULTIPLIER);
  iface.localRepairDelayMs = min<u32>(load<u32>(record, INPUT_INTERFACE_LOCAL_REPAIR_DELAY_MS), MAXIMUM_REPAIR_DELAY_MS);
  iface.slewMaximumPercent = min<u32>(load<u32>(record, INPUT_INTERFACE_SLEW_MAXIMUM_PERCENT), MAXIMUM_SLEW_PERCENT);
  setInterfaceRefresh(iface, load<u32>(record, INPUT_INTERFACE_REFRESH_INTERVAL_MS), isNew);
  setAddresses(iface, record);
  memory.copy(udpNextHopOf(iface), record + INPUT_INTERFACE_UDP_NEXT_HOP, 16);
  return iface;
}
