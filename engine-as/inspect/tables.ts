// inspect(table, cursor): rows of one table, as many as the OUTBOX takes. The cursor is 0 to begin; what it returns is to
// be handed back, 0 at the end. A cursor says all: several readers may go through tables at a time, and whatever else
// happens in between. A table may change between two calls: each row is true when it is written, one may stand twice
// when the table has grown, and be missing when it has shrunk.
import { RequestState } from "../state/request_state";
import { PathState } from "../state/path_state";
import { BlockadeState } from "../state/blockade_state";
import { TrafficControlState } from "../state/traffic_control_state";
import { ReservationState } from "../state/reservation_state";
import {
  COUNTER_MEMORY_BYTES,
  COUNTER_STATE_BYTES,
  INTERFACE_OPTION_UDP_ALSO,
  INTERFACE_OPTION_UDP_ONLY,
  TABLE_BLOCKADE,
  TABLE_COUNTERS,
  TABLE_COUNTERS_BYTES,
  TABLE_COUNTERS_COUNTER,
  TABLE_COUNTERS_VALUE,
  TABLE_INSTALLED,
  TABLE_INTERFACES,
  TABLE_INTERFACES_BYTES,
  TABLE_INTERFACES_INTERFACE,
  TABLE_INTERFACES_IPV4,
  TABLE_INTERFACES_IPV6,
  TABLE_INTERFACES_RESERVABLE_BYTES_PER_SECOND,
  TABLE_INTERFACES_RESERVATIONS,
  TABLE_INTERFACES_RESERVED_BYTES_PER_SECOND,
  TABLE_INTERFACES_UDP,
  TABLE_INTERFACES_UP,
  TABLE_NEIGHBOURS,
  TABLE_NEIGHBOURS_ADDRESS,
  TABLE_NEIGHBOURS_BYTES,
  TABLE_NEIGHBOURS_FAMILY,
  TABLE_NEIGHBOURS_INTERFACE,
  TABLE_NEIGHBOURS_STATES,
  TABLE_REQUESTS,
  TABLE_RESERVATIONS,
  TABLE_SENDERS,
  TABLE_SESSIONS,
} from "../boundary.gen";
import { homeOf, neighbourTable, sessionTable, slotValue } from "../state/hash_table";
import { Interface, interfaceByHandle, ipv4Of } from "../state/interface";
import { counterValue, root } from "../state/memory";
import { Neighbour, neighbourAddress } from "../state/neighbour";
import { Session } from "../state/session";
import { beginRows, finishRow, startRow } from "./outbox";
import { blockadeRow, installedRow, requestRow, reservationRow, senderRow, sessionRow } from "./rows";

const COUNTERS: u32 = 256;

// Sessions are gone through by their home, where a look-up begins: it stays where it is when others go, and only grows when
// the table does, so that nobody is passed over. A cursor is a home, times this, plus how many of its rows are behind: a
// number that f64 holds exactly.
const ROWS_OF_A_HOME: f64 = 2097152;

// Rows of the current home still to be passed over, because an earlier outbox held them.
let skip: u32 = 0;
let written: u32 = 0;

export function inspectTable(table: u32, cursor: f64): f64 {
  beginRows(table);
  if (table == TABLE_COUNTERS) return <f64> counterRows(<u32> cursor);
  if (table == TABLE_INTERFACES) return <f64> interfaceRows(<u32> cursor);
  if (table == TABLE_NEIGHBOURS) return <f64> neighbourRows(<u32> cursor);
  if (table < TABLE_SESSIONS || table > TABLE_BLOCKADE) return 0;
  const sessions = sessionTable();
  let home = <u32> (cursor / ROWS_OF_A_HOME);
  let behind = <u32> (cursor - <f64> home * ROWS_OF_A_HOME);
  for (; home <= sessions.mask; home++) {
    skip = behind;
    written = 0;
    for (let slot = home; slotValue(sessions, slot) != 0; slot = (slot + 1) & sessions.mask) {
      if (homeOf(sessions, slot) != home) continue;
      if (!sessionRows(table, changetype<Session>(<usize> slotValue(sessions, slot)))) {
        return <f64> home * ROWS_OF_A_HOME + <f64> (behind + written);
      }
    }
    behind = 0;
  }
  return 0;
}

// Whether the row at hand stood in an earlier outbox.
@inline
function passed(): bool {
  if (skip == 0) return false;
  skip -= 1;
  return true;
}
@inline
function wrote(done: bool): bool {
  if (done) written += 1;
  return done;
}

// All rows of one session, as far as they fit; false if more are to come.
function sessionRows(table: u32, session: Session): bool {
  switch (table) {
    case TABLE_SESSIONS:
      return passed() || wrote(sessionRow(session));
    case TABLE_SENDERS: {
      for (let path: PathState | null = session.firstPath; path; path = path!.next) {
        if (!passed() && !wrote(senderRow(session, path))) return false;
      }
      return true;
    }
    case TABLE_REQUESTS: {
      for (let request: RequestState | null = session.firstRequest; request; request = request!.next) {
        if (!passed() && !wrote(requestRow(session, request))) return false;
      }
      return true;
    }
    case TABLE_RESERVATIONS: {
      for (let one: ReservationState | null = session.firstReservation; one; one = one!.next) {
        if (!passed() && !wrote(reservationRow(session, one))) return false;
      }
      return true;
    }
    case TABLE_INSTALLED: {
      for (let block: TrafficControlState | null = session.firstTrafficControl; block; block = block!.next) {
        if (!passed() && !wrote(installedRow(session, block))) return false;
      }
      return true;
    }
    default: {
      for (let request: RequestState | null = session.firstRequest; request; request = request!.next) {
        for (let block: BlockadeState | null = request.firstBlockade; block; block = block!.next) {
          if (!passed() && !wrote(blockadeRow(session, request, block))) return false;
        }
      }
      return true;
    }
  }
}

function counterRows(cursor: u32): u32 {
  for (let counter = cursor; counter < COUNTERS; counter++) {
    let value = <f64> counterValue(counter);
    if (counter == COUNTER_STATE_BYTES) value = <f64> root().stateBytes;
    if (counter == COUNTER_MEMORY_BYTES) value = <f64> memory.size() * 65536;
    if (value == 0) continue;
    const row = startRow(TABLE_COUNTERS_BYTES, 0);
    if (row == 0) return counter;
    store<u16>(row, <u16> counter, TABLE_COUNTERS_COUNTER);
    store<f64>(row, value, TABLE_COUNTERS_VALUE);
    finishRow(row, row + TABLE_COUNTERS_BYTES);
  }
  return 0;
}

function interfaceRows(cursor: u32): u32 {
  for (let handle = max<u32>(cursor, 1); handle < root().interfaceEnd; handle++) {
    const iface = interfaceByHandle(handle);
    if (iface == null) continue;
    const row = startRow(TABLE_INTERFACES_BYTES, 0);
    if (row == 0) return handle;
    store<u32>(row, handle, TABLE_INTERFACES_INTERFACE);
    store<u8>(row, iface.up, TABLE_INTERFACES_UP);
    const udp = iface.udp != 0 || (iface.options & (INTERFACE_OPTION_UDP_ONLY | INTERFACE_OPTION_UDP_ALSO)) != 0;
    store<u8>(row, udp ? 1 : 0, TABLE_INTERFACES_UDP);
    store<f64>(row, iface.reservableBytesPerSecond, TABLE_INTERFACES_RESERVABLE_BYTES_PER_SECOND);
    store<f64>(row, iface.reserved, TABLE_INTERFACES_RESERVED_BYTES_PER_SECOND);
    store<u32>(row, iface.reservations, TABLE_INTERFACES_RESERVATIONS);
    memory.copy(row + TABLE_INTERFACES_IPV4, ipv4Of(iface), 4);
    memory.copy(row + TABLE_INTERFACES_IPV6, changetype<usize>(iface) + offsetof<Interface>("ipv6"), 16);
    finishRow(row, row + TABLE_INTERFACES_BYTES);
  }
  return 0;
}

function neighbourRows(cursor: u32): u32 {
  const table = neighbourTable();
  for (let slot = cursor; slot <= table.mask; slot++) {
    const value = slotValue(table, slot);
    if (value == 0) continue;
    const row = startRow(TABLE_NEIGHBOURS_BYTES, 0);
    if (row == 0) return slot;
    const neighbour = changetype<Neighbour>(<usize> value);
    store<u32>(row, neighbour.interface, TABLE_NEIGHBOURS_INTERFACE);
    memory.copy(row + TABLE_NEIGHBOURS_ADDRESS, neighbourAddress(neighbour), 16);
    store<u8>(row, <u8> neighbour.family, TABLE_NEIGHBOURS_FAMILY);
    store<u32>(row, neighbour.states, TABLE_NEIGHBOURS_STATES);
    finishRow(row, row + TABLE_NEIGHBOURS_BYTES);
  }
  return 0;
}
