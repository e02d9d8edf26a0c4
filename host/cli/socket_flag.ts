/** Flag of every command that speaks to a running node. */
export const SOCKET_FLAG = {
  kind: "parsed",
  parse: String,
  optional: true,
  placeholder: "PATH",
  brief: "Socket of the node; by default the host's (docs/service.md)",
} as const;
