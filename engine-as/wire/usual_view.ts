// The messages that nearly all traffic of the protocol is made of, recognised by their object headers: IPv4, the objects in
// the order of RFC 2205 section 3.1, the shapes of RFC 2210 with nothing beside them.
//   Path      SESSION RSVP_HOP TIME_VALUES SENDER_TEMPLATE SENDER_TSPEC [ADSPEC]
//   Resv      SESSION RSVP_HOP TIME_VALUES [RESV_CONFIRM] STYLE FLOWSPEC [FILTER_SPEC]
//   ResvConf  SESSION ERROR_SPEC RESV_CONFIRM STYLE FLOWSPEC [FILTER_SPEC]
// Their view is what the walk over the objects (message_view.ts) would make of them, in a third of the time. What is not
// recognised is only unusual, not wrong: the walk decides. A test holds the two against each other.
import { CONTROLLED_LOAD_SHAPE, fits, GUARANTEED_SHAPE, INT_SERV_MASK, TSPEC_SHAPE } from "./decoded_record";
import { copyVectors, load32 } from "./bytes";
import { STYLE_FF, STYLE_SE, STYLE_WF } from "./flow_grammar";
import { MESSAGE_PATH, MESSAGE_RESV, MESSAGE_RESV_CONFIRM, MessageView, USUAL } from "./message_view";
import {
  HEADER_ADSPEC,
  HEADER_CONTROLLED_LOAD_FLOWSPEC,
  HEADER_ERROR_SPEC,
  HEADER_FILTER_SPEC,
  HEADER_GUARANTEED_FLOWSPEC,
  HEADER_RESV_CONFIRM,
  HEADER_RSVP_HOP,
  HEADER_SENDER_TEMPLATE,
  HEADER_SENDER_TSPEC,
  HEADER_SESSION,
  HEADER_STYLE,
  HEADER_TIME_VALUES,
} from "./usual_headers";
import { isUsualAdspec } from "./usual_message";

const PATH_BYTES: u32 = 88;
const PATH_WITH_ADSPEC_BYTES: u32 = 172;
const PATH_SEEN: u32 = (1 << 1) | (1 << 3) | (1 << 5) | (1 << 11) | (1 << 12);
const RESV_SEEN: u32 = (1 << 1) | (1 << 3) | (1 << 5);
const RESV_CONFIRM_SEEN: u32 = (1 << 1) | (1 << 6) | (1 << 15);

// Up to and with the FLOWSPEC of a wildcard filter.
const SHORTEST_RESV_BYTES: u32 = 84;

// Clears a view, and a little of the list behind it, which is nothing before it is filled.
export function clearView(view: usize): void {
  const zero = i64x2.splat(0);
  v128.store(view, zero);
  v128.store(view, zero, 16);
  v128.store(view, zero, 32);
  v128.store(view, zero, 48);
  v128.store(view, zero, 64);
  v128.store(view, zero, 80);
  v128.store(view, zero, 96);
  v128.store(view, zero, 112);
  v128.store(view, zero, 128);
  v128.store(view, zero, 144);
  v128.store(view, zero, 160);
}
assert(offsetof<MessageView>() <= 176);

// Fills the view of a message whose header has been checked, and says whether it could; if not, nothing is changed.
export function viewUsual(v: MessageView): bool {
  const type: u32 = v.type;
  if (type == MESSAGE_PATH) return viewPath(v);
  if (v.length < SHORTEST_RESV_BYTES || (type != MESSAGE_RESV && type != MESSAGE_RESV_CONFIRM)) return false;
  return type == MESSAGE_RESV ? viewResv(v) : viewResvConfirm(v);
}

// SESSION with DestAddress and Protocol Id (RFC 2205 appendix A.1).
@inline
function hasSession(message: usize): bool {
  return load<u32>(message, 8) == HEADER_SESSION && load<u32>(message, 12) != 0 && load<u8>(message, 16) != 0;
}

// An address as it stands in memory, that is neither zero nor a group.
@inline
function isHost(address: u32): bool {
  return address != 0 && (address & 0xf0) != 0xe0;
}

// RSVP_HOP of somebody, then TIME_VALUES.
@inline
function hasHopAndTimes(message: usize): bool {
  return load<u32>(message, 20) == HEADER_RSVP_HOP && isHost(load<u32>(message, 24)) &&
    load<u32>(message, 32) == HEADER_TIME_VALUES;
}

@inline
function setHopAndTimes(v: MessageView, message: usize): void {
  v.hop = message + 20;
  v.timeValues = message + 32;
}

@inline
function setSession(v: MessageView, message: usize): void {
  v.usual = USUAL;
  v.family = 4;
  v.session = message + 8;
}

// SENDER_TSPEC and ADSPEC of the last Path that had both in this form, and how many such have been: what comes through one
// hop repeats them, and has their form then. Not state: it decides nothing.
const SPECS_BYTES: usize = 120;
const lastSpecs: usize = memory.data(120, 16);
export let specsVersion: u32 = 0;

@inline
function repeatsSpecs(specs: usize): bool {
  let differs = differ(specs, 0);
  differs = v128.or(differs, differ(specs, 16));
  differs = v128.or(differs, differ(specs, 32));
  differs = v128.or(differs, differ(specs, 48));
  differs = v128.or(differs, differ(specs, 64));
  differs = v128.or(differs, differ(specs, 80));
  differs = v128.or(differs, differ(specs, 96));
  differs = v128.or(differs, differ(specs, SPECS_BYTES - 16));
  return specsVersion != 0 && !v128.any_true(differs);
}
@inline
function differ(specs: usize, at: usize): v128 {
  return v128.xor(v128.load(specs + at), v128.load(lastSpecs + at));
}

function keepSpecs(specs: usize): void {
  copyVectors(lastSpecs, specs, SPECS_BYTES);
  specsVersion += 1;
}

function viewPath(v: MessageView): bool {
  const message = v.message;
  const withAdspec = v.length == PATH_WITH_ADSPEC_BYTES;
  if (!withAdspec && v.length != PATH_BYTES) return false;
  if (!hasSession(message) || !hasHopAndTimes(message)) return false;
  if (load<u32>(message, 40) != HEADER_SENDER_TEMPLATE || !isHost(load<u32>(message, 44))) return false;
  if (!withAdspec || !repeatsSpecs(message + 52)) {
    if (load<u32>(message, 52) != HEADER_SENDER_TSPEC) return false;
    if (!fits(v128.load(message, 56), INT_SERV_MASK, TSPEC_SHAPE)) return false;
    if (withAdspec) {
      if (load<u32>(message, 88) != HEADER_ADSPEC || !isUsualAdspec(message + 88)) return false;
      keepSpecs(message + 52);
    }
  }
  v.seen = withAdspec ? PATH_SEEN | (1 << 13) : PATH_SEEN;
  v.adspec = withAdspec ? message + 88 : 0;
  setSession(v, message);
  setHopAndTimes(v, message);
  v.senderTemplate = message + 40;
  v.senderTspec = message + 52;
  return true;
}

function viewResv(v: MessageView): bool {
  const message = v.message;
  if (!hasSession(message) || !hasHopAndTimes(message)) return false;
  const confirm = load<u32>(message, 40) == HEADER_RESV_CONFIRM;
  if (confirm && !isHost(load<u32>(message, 44))) return false;
  if (!viewFlowDescriptor(v, message + (confirm ? 48 : 40))) return false;
  setSession(v, message);
  setHopAndTimes(v, message);
  v.seen |= RESV_SEEN;
  if (confirm) {
    v.seen |= 1 << 15;
    v.resvConfirm = message + 40;
  }
  return true;
}

function viewResvConfirm(v: MessageView): bool {
  const message = v.message;
  if (!hasSession(message) || load<u32>(message, 20) != HEADER_ERROR_SPEC) return false;
  if (load<u32>(message, 32) != HEADER_RESV_CONFIRM) return false;
  if (!isHost(load<u32>(message, 36))) return false;
  if (!viewFlowDescriptor(v, message + 40)) return false;
  setSession(v, message);
  v.errorSpec = message + 20;
  v.resvConfirm = message + 32;
  v.seen |= RESV_CONFIRM_SEEN;
  return true;
}

// STYLE with one flow descriptor that ends the message (RFC 2205 section 3.1.4).
@inline
function viewFlowDescriptor(v: MessageView, at: usize): bool {
  const end = v.end;
  const flowspec = at + 8;
  if (load<u32>(at) != HEADER_STYLE || flowspec + 36 > end) return false;
  const header = load<u32>(flowspec);
  const guaranteed = header == HEADER_GUARANTEED_FLOWSPEC;
  if (!guaranteed && header != HEADER_CONTROLLED_LOAD_FLOWSPEC) return false;
  const filter = flowspec + (guaranteed ? 48 : 36);
  const vector = load32(at + 4) & 0xffffff;
  const style = vector & 31;
  if (style == STYLE_WF) {
    if (filter != end) return false;
  } else {
    if ((style != STYLE_FF && style != STYLE_SE) || filter + 12 != end) return false;
    if (load<u32>(filter) != HEADER_FILTER_SPEC || !isHost(load<u32>(filter, 4))) return false;
  }
  if (guaranteed) {
    if (!fits(v128.load(flowspec, 4), INT_SERV_MASK, GUARANTEED_SHAPE)) return false;
    // The RSpec: parameter 130 of two words.
    if ((load<u32>(flowspec, 36) & 0xffff00ff) != 0x02000082) return false;
  } else if (!fits(v128.load(flowspec, 4), INT_SERV_MASK, CONTROLLED_LOAD_SHAPE)) return false;
  const filters: u32 = style == STYLE_WF ? 0 : 1;
  v.styleVector = vector;
  v.style = style;
  v.styleObject = at;
  v.flowDescriptors = flowspec;
  v.flowDescriptorsEnd = end;
  v.firstFlowspec = flowspec;
  v.flowspecCount = 1;
  v.firstFilterSpec = filters != 0 ? filter : 0;
  v.filterCount = filters;
  v.seen = (1 << 8) | (1 << 9) | (filters << 10);
  return true;
}
