// The engine imports nothing, so the compiler's abort() may not come from the host: a failed assertion
// is our own fault, never a peer's, and becomes a trap that the host maps back to file and line.
export function abort(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  unreachable();
}
