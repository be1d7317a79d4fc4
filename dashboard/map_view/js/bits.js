// Selections and maps as bytes.

// A map as the server sends it: how many points, how many dimensions, then the positions.
export function read(bytes) {
  const [n, dims] = new Uint32Array(bytes, 0, 2);
  return { points: new Float32Array(bytes, 8, n * dims), dims };
}

// The number of ones in (n) 0 or 1; 0 for null.
export function count(chosen) {
  return chosen ? chosen.reduce((sum, each) => sum + each, 0) : 0;
}

// (n) 0 or 1 as base64, eight to a byte, the first in the highest bit, as numpy.packbits does.
export function packed(chosen) {
  const bytes = new Uint8Array(Math.ceil(chosen.length / 8));
  chosen.forEach((each, i) => (bytes[i >> 3] |= each << (7 - (i & 7))));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

export function unpacked(text, n) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return Uint8Array.from({ length: n }, (_, i) => (bytes[i >> 3] >> (7 - (i & 7))) & 1);
}
