/** Decodes base64. `atob` is in every runtime that this runs in; `Uint8Array.fromBase64` is not (Node 20 lacks it). */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
