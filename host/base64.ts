/** Decodes base64: by the runtime where it can (a hundred times faster), else by `atob`, which all of them have. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  // Node 20 and others of its age lack it, and so do the types of some runtimes.
  const { fromBase64 } = Uint8Array as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
  if (fromBase64) return fromBase64.call(Uint8Array, text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
