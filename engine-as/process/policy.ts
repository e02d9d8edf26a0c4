// Local policy (RFC 2205 section 2.7): what the rules say of a Path, of a flow descriptor of a Resv, and of what stands.
// Path and Resv are looked at whenever they come, refreshes too; a refused one changes nothing, so what stands is not
// refreshed by it and ends with its lifetime (docs/protocol-decisions.md).
import { POLICY_OPTION_PATH, POLICY_OPTION_RESV } from "../boundary.gen";
import { isVirtual } from "../state/application";
import { blobData, blobLength } from "../state/blob";
import { samePrefix } from "../state/interface";
import { keyDestinationPort, keyProtocol, sessionFamily } from "../state/keys";
import { PathState, templateOf } from "../state/path_state";
import { attributeOf, destinationPrefixOf, firstRule, hasPolicy, Rule, senderPrefixOf } from "../state/policy";
import { STYLE_WILDCARD_FILTER } from "../state/reservation_state";
import { keyOf, Session } from "../state/session";
import { load16, objectCType, objectLength } from "../wire/bytes";
import { FlowDescriptors, nextFilter } from "../wire/flow_descriptors";
import { elementLength, elementType, firstElement, isPolicyData, nextElement } from "../wire/policy_data";
import { view } from "./context";
import { resvContext } from "./resv_context";
import { routesTo } from "./routing";
import { inScope } from "./scope";

export const CODE_POLICY: u32 = 2;
// Attributes of AUTH_USER and AUTH_APP elements: length, type, sub-type, value (RFC 3182 section 3.3).
const ATTRIBUTE_HEADER_BYTES: usize = 4;

let family: u32 = 0;

// Marks the rules that fit a message but for its senders: `key` is the session's, `start` to `end` its objects.
export function beginPolicy(option: u32, key: usize, ctype: u32, iface: u32, start: usize, end: usize): void {
  family = sessionFamily(ctype);
  for (let rule: Rule | null = firstRule(); rule; rule = rule!.next) {
    rule.fits = fits(rule, option, key, ctype, iface) && carries(rule, start, end) ? 1 : 0;
  }
}

// The same for a reservation or a flow descriptor of it; `others` is the blob of its POLICY_DATA.
export function beginResvPolicy(session: Session, iface: u32, others: u32): void {
  const start = others ? blobData(others) : 0;
  const end = others ? start + blobLength(others) : 0;
  beginPolicy(POLICY_OPTION_RESV, keyOf(session), session.ctype, isVirtual(iface) ? 0 : iface, start, end);
}

function fits(rule: Rule, option: u32, key: usize, ctype: u32, iface: u32): bool {
  const directions = rule.options & <u8> (POLICY_OPTION_PATH | POLICY_OPTION_RESV);
  if (directions != 0 && (directions & option) == 0) return false;
  if (rule.interface != 0 && rule.interface != iface) return false;
  if (rule.protocol != 0 && rule.protocol != keyProtocol(key, ctype)) return false;
  if (rule.lastPort != 0) {
    const port = keyDestinationPort(key, ctype);
    if (port < rule.firstPort || port > rule.lastPort) return false;
  }
  if (rule.destinationFamily == 0) return true;
  return rule.destinationFamily == family && samePrefix(destinationPrefixOf(rule), key, rule.destinationPrefixLength);
}

function carries(rule: Rule, start: usize, end: usize): bool {
  if (rule.elementType == 0) return true;
  for (let object = start; object < end; object += objectLength(object)) {
    if (!isPolicyData(object)) continue;
    for (let element = firstElement(object); element != 0; element = nextElement(object, element)) {
      if (elementType(element) != rule.elementType) continue;
      if (rule.attributeLength == 0 || hasAttribute(rule, element)) return true;
    }
  }
  return false;
}

// Values are padded with zeros to a multiple of four (RFC 3182 section 3.3), which are not part of them; some count the
// padding in the attribute's length.
function hasAttribute(rule: Rule, element: usize): bool {
  const end = element + elementLength(element);
  const length = <usize> rule.attributeLength;
  let at = element + 4;
  while (at + ATTRIBUTE_HEADER_BYTES <= end) {
    const bytes = <usize> load16(at);
    if (bytes < ATTRIBUTE_HEADER_BYTES || at + bytes > end) return false;
    const value = at + ATTRIBUTE_HEADER_BYTES;
    let valueEnd = at + bytes;
    while (valueEnd > value && load<u8>(valueEnd - 1) == 0) valueEnd -= 1;
    if (valueEnd - value == length && memory.compare(value, attributeOf(rule), length) == 0) return true;
    at += (bytes + 3) & ~3;
  }
  return false;
}

// The rule that decides for this sender (0: a wildcard that nobody has been named for), or null.
export function ruleFor(sender: usize): Rule | null {
  for (let rule: Rule | null = firstRule(); rule; rule = rule!.next) {
    if (!rule.fits) continue;
    if (rule.senderFamily == 0) return rule;
    if (sender == 0 || rule.senderFamily != family) continue;
    if (samePrefix(senderPrefixOf(rule), sender, rule.senderPrefixLength)) return rule;
  }
  return null;
}

// What refuses a sender: 0, or the error value of code 02 with bit 16 set.
const REFUSED: u32 = 1 << 16;
function refusalFor(sender: usize): u32 {
  const rule = ruleFor(sender);
  return rule != null && rule.refuses ? REFUSED | rule.errorValue : 0;
}

// Whether policy refuses the Path at hand: 0, or REFUSED and the error value.
export function refusesPath(iface: u32): u32 {
  if (!hasPolicy()) return 0;
  const v = view();
  beginPolicy(POLICY_OPTION_PATH, v.session + 4, objectCType(v.session), iface, v.message + 8, v.end);
  return refusalFor(v.senderTemplate + 4);
}

// The same for an application's sender; its objects stand without a message header.
export function refusesSender(session: Session): u32 {
  if (!hasPolicy()) return 0;
  const v = view();
  beginPolicy(POLICY_OPTION_PATH, keyOf(session), session.ctype, 0, v.message, v.end);
  return refusalFor(v.senderTemplate + 4);
}

// Whether policy refuses a flow descriptor of `resvContext()`: one refused sender is enough. A wildcard is for all senders
// that its data come from.
export function refusesDescriptor(session: Session, list: FlowDescriptors): u32 {
  if (!hasPolicy()) return 0;
  const context = resvContext();
  beginResvPolicy(session, context.interface, context.others);
  if (list.style == STYLE_WILDCARD_FILTER) {
    for (let path: PathState | null = session.firstPath; path; path = path!.next) {
      if (!routesTo(session, path, context.interface)) continue;
      if (context.scope != 0 && !inScope(context.scope, path)) continue;
      const refusal = refusalFor(templateOf(path));
      if (refusal != 0) return refusal;
    }
    return 0;
  }
  for (
    let filter = nextFilter(list.filter, list.filtersEnd);
    filter != 0;
    filter = nextFilter(filter + objectLength(filter), list.filtersEnd)
  ) {
    const refusal = refusalFor(filter + 4);
    if (refusal != 0) return refusal;
  }
  return 0;
}
