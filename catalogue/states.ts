/**
 * The state machines of the engine as data: states that stand in records as flags and null pointers, and what leads from
 * one to the next. scripts/generate_states.ts draws them into docs/protocol.md and finds every name that is used here in
 * the engine's source.
 */

export interface State {
  readonly id: string;
  readonly label: string;
  /** How it stands in the record; names in backquotes exist in `StateMachine.record`. */
  readonly stands: string;
}

/** `START` and `END` as id of a state: nothing stands there. */
export const START = "start";
export const END = "end";

export interface Transition {
  readonly from: string;
  readonly to: string;
  readonly event: string;
  /** `file function` below engine-as/process/: what carries it out. */
  readonly by: string;
}

export interface StateMachine {
  readonly id: string;
  /** The file below engine-as/state/ whose names the states use. */
  readonly record: string;
  readonly states: readonly State[];
  readonly transitions: readonly Transition[];
}

const path: StateMachine = {
  id: "path",
  record: "path_state.ts",
  states: [
    {
      id: "asked",
      label: "route asked for",
      stands: "`PATH_ROUTE_PENDING`; `outgoing` is the open query. Nothing is forwarded",
    },
    {
      id: "routed",
      label: "routed",
      stands: "neither `PATH_ROUTE_PENDING` nor `PATH_LOCAL_ONLY`; `outgoing` is the route. It is refreshed downstream",
    },
    {
      id: "localOnly",
      label: "local only",
      stands: "`PATH_LOCAL_ONLY`: routing expects the sender on another interface (multicast). Nothing is forwarded",
    },
    {
      id: "repair",
      label: "asked again",
      stands:
        "`PATH_REPAIR` with `PATH_ROUTE_PENDING`; `outgoing` is a `Repair`, whose old route stands until the answer",
    },
  ],
  transitions: [
    { from: START, to: "asked", event: "Path of a new sender", by: "path.ts newPath" },
    {
      from: START,
      to: "routed",
      event: "Path of a new sender, whose unicast session has a route",
      by: "path.ts newPath",
    },
    {
      from: START,
      to: "routed",
      event: "SENDER call that names its interface",
      by: "local_sender.ts routeByInterface",
    },
    { from: START, to: "asked", event: "SENDER call", by: "local_sender.ts callSender" },
    { from: "asked", to: "asked", event: "Path, kept for the answer", by: "path.ts updatePath" },
    { from: "asked", to: "routed", event: "ROUTE", by: "path_routed.ts pathRouted" },
    { from: "asked", to: "localOnly", event: "ROUTE with another incoming interface", by: "path_routed.ts elect" },
    { from: "routed", to: "localOnly", event: "another state of the sender is elected", by: "path_routed.ts elect" },
    { from: "localOnly", to: "routed", event: "elected", by: "path_routed.ts elect" },
    { from: "routed", to: "repair", event: "route change", by: "route_change.ts askAgain" },
    { from: "localOnly", to: "repair", event: "route change", by: "route_change.ts askAgain" },
    { from: "repair", to: "routed", event: "ROUTE", by: "route_change.ts answered" },
    { from: "repair", to: "localOnly", event: "ROUTE with another incoming interface", by: "route_change.ts answered" },
    {
      from: "asked",
      to: "routed",
      event: "SENDER call that names its interface",
      by: "local_sender.ts routeByInterface",
    },
    {
      from: "repair",
      to: "routed",
      event: "SENDER call that names its interface",
      by: "local_sender.ts routeByInterface",
    },
    { from: "routed", to: "repair", event: "SENDER call that names none any more", by: "local_sender.ts tellByRoute" },
    { from: "asked", to: END, event: "PathTear, time-out or withdrawal", by: "path_tear.ts endPath" },
    { from: "routed", to: END, event: "PathTear, time-out or withdrawal", by: "path_tear.ts endPath" },
    { from: "localOnly", to: END, event: "PathTear or time-out", by: "path_tear.ts endPath" },
    { from: "repair", to: END, event: "PathTear, time-out or withdrawal", by: "path_tear.ts endPath" },
  ],
};

const reservation: StateMachine = {
  id: "reservation",
  record: "reservation_state.ts",
  states: [
    {
      id: "fresh",
      label: "new, pending",
      stands: "`RESERVATION_PENDING` and `RESERVATION_NEW`: counts for nothing upstream",
    },
    {
      id: "standing",
      label: "standing",
      stands: "not `RESERVATION_PENDING`: `flowspec` counts upstream",
    },
    {
      id: "changing",
      label: "changing",
      stands:
        "`RESERVATION_PENDING` without `RESERVATION_NEW`: `previousFlowspec` counts upstream, `fresh` filters do not",
    },
  ],
  transitions: [
    { from: START, to: "fresh", event: "flow descriptor of a new next hop or filter", by: "resv.ts makeReservation" },
    { from: "fresh", to: "standing", event: "confirmed", by: "settle.ts settle" },
    {
      from: "fresh",
      to: "standing",
      event: "nothing to wait for, as for an application or where that much is installed",
      by: "resv.ts settleNow",
    },
    { from: "fresh", to: END, event: "refused, ResvErr", by: "settle.ts refuse" },
    { from: "standing", to: "standing", event: "refresh without change", by: "resv.ts makeReservation" },
    {
      from: "standing",
      to: "changing",
      event: "other FLOWSPEC, filters, scope or confirmation",
      by: "settle.ts beginChange",
    },
    {
      from: "changing",
      to: "changing",
      event: "changed again, waits for the next answer",
      by: "settle.ts beginChange",
    },
    { from: "changing", to: "standing", event: "confirmed, the new values", by: "settle.ts accept" },
    {
      from: "changing",
      to: "standing",
      event: "refused, the old values, ResvErr with InPlace",
      by: "settle.ts refuse",
    },
    { from: "standing", to: END, event: "ResvTear of its last filter", by: "resv_tear.ts tearNamed" },
    { from: "standing", to: END, event: "time-out of its last filter", by: "resv_tear.ts expireReservation" },
    { from: "standing", to: END, event: "preempted, ResvErr 12", by: "displace.ts displace" },
    { from: "standing", to: END, event: "its last sender goes", by: "path_tear.ts loseSender" },
    { from: "standing", to: END, event: "its interface goes down", by: "interface_change.ts letGoOf" },
  ],
};

const trafficControl: StateMachine = {
  id: "trafficControl",
  record: "traffic_control_state.ts",
  states: [
    { id: "asked", label: "asked", stands: "`flowspec` is 0, `annex` holds what was asked for" },
    { id: "confirmed", label: "confirmed", stands: "`flowspec` is what is installed, `annex` is null" },
    {
      id: "change",
      label: "change asked",
      stands: "both: `flowspec` is installed, `annex` asked for; `held` is the larger of the two rates",
    },
    { id: "again", label: "to be asked again", stands: "as asked or change asked, with `again` set in the `annex`" },
  ],
  transitions: [
    { from: START, to: "asked", event: "admitted, INSTALL", by: "install.ts install" },
    { from: "asked", to: "confirmed", event: "TRAFFIC_CONTROL_RESULT ok", by: "install.ts confirmInstalled" },
    { from: "asked", to: END, event: "TRAFFIC_CONTROL_RESULT refused", by: "install.ts abandonInstall" },
    { from: "confirmed", to: "change", event: "another target, INSTALL with change", by: "install.ts install" },
    {
      from: "change",
      to: "confirmed",
      event: "ok, or refused and the old values stand",
      by: "settle.ts trafficControlResult",
    },
    {
      from: "asked",
      to: "again",
      event: "something changed meanwhile",
      by: "update_traffic_control.ts updateTrafficControl",
    },
    {
      from: "change",
      to: "again",
      event: "something changed meanwhile",
      by: "update_traffic_control.ts updateTrafficControl",
    },
    { from: "again", to: "change", event: "answered, and the target is another", by: "install.ts install" },
    { from: "again", to: "confirmed", event: "answered, and that is the target", by: "install.ts confirmInstalled" },
    {
      from: "again",
      to: END,
      event: "refused, nothing stood (what waits is asked anew)",
      by: "settle.ts refuseGeneration",
    },
    { from: "confirmed", to: END, event: "nobody wants it, or preempted, REMOVE", by: "install.ts removeInstalled" },
    { from: "asked", to: END, event: "nobody wants it any more, REMOVE", by: "install.ts removeInstalled" },
    { from: "change", to: END, event: "nobody wants it any more, REMOVE", by: "install.ts removeInstalled" },
  ],
};

export const STATE_MACHINES: readonly StateMachine[] = [path, reservation, trafficControl];
