// DREP (RFC 2745 section 4.2): back along the ROUTE of its DREQ, or straight to whoever asked.
import {
  diagnosticIpv4FragmentOffsetBytes,
  diagnosticIpv4MoreFragments,
  diagnosticIpv4PathMtuBytes,
  diagnosticIpv4RsvpHopCount,
  ROUTE_IPV4_ROUTE_POINTER_AT,
} from "../accessors.gen";
import { interfaceByAddress } from "../state/interface";
import { diagnosticView } from "../wire/diagnostic_view";
import { arrivalInterface } from "./context";
import { beginChanges, changes, isLastHop, requesterAddress, routeNode, sendReply } from "./diagnostic_message";

export function replyArrives(): void {
  const v = diagnosticView();
  const c = changes();
  beginChanges();
  c.hopCount = diagnosticIpv4RsvpHopCount(v.diagnostic);
  c.pathMtuBytes = diagnosticIpv4PathMtuBytes(v.diagnostic);
  c.fragmentOffsetBytes = diagnosticIpv4FragmentOffsetBytes(v.diagnostic);
  c.moreFragments = diagnosticIpv4MoreFragments(v.diagnostic);
  const pointer = v.route != 0 ? <u32> load<u8>(v.route, ROUTE_IPV4_ROUTE_POINTER_AT) : 0;
  c.routePointer = pointer;
  if (pointer == 0 || isLastHop() || interfaceByAddress(requesterAddress(), v.family)) {
    return sendReply(arrivalInterface(), 0);
  }
  // R-pointer names this node; the one before it is next. It goes down with every hop, so no list makes a circle.
  c.routePointer = pointer - 1;
  sendReply(arrivalInterface(), routeNode(pointer - 1));
}
