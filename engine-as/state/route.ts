// A route as a blob: the answer to a ROUTE_QUERY, kept with the path state. Equal routes are one blob, so "has the route
// changed?" is a comparison of two pointers. Layout: found u32, local u32, incoming interface u32, count u32, then per
// outgoing interface { interface u32, gateway family u32, gateway 16 bytes }.
import { ROUTE_HOP_BYTES } from "../boundary.gen";
import { blobData } from "./blob";

export const ROUTE_HEADER_BYTES: usize = 16;

@inline
export function routeIsLocal(route: u32): bool {
  return load<u32>(blobData(route), 4) != 0;
}
@inline
export function routeIncoming(route: u32): u32 {
  return load<u32>(blobData(route), 8);
}
@inline
export function routeCount(route: u32): u32 {
  return route == 0 ? 0 : load<u32>(blobData(route), 12);
}
@inline
export function routeHop(route: u32, index: u32): usize {
  return blobData(route) + ROUTE_HEADER_BYTES + <usize> index * ROUTE_HOP_BYTES;
}
@inline
export function routeInterface(route: u32, index: u32): u32 {
  return load<u32>(routeHop(route, index));
}

// The hop that leaves by this interface, or 0.
export function routeHopBy(route: u32, interfaceHandle: u32): usize {
  for (let index: u32 = 0, hops = routeCount(route); index < hops; index++) {
    if (routeInterface(route, index) == interfaceHandle) return routeHop(route, index);
  }
  return 0;
}
