// base/latin1.ts: bytes to text and back, one character a byte. These Buffer methods skip the encoding look-up of
// toString and write (25 to 40 ns a call on the data path); Node has had them unchanged for ten years.

interface Latin1Buffer extends Buffer {
  latin1Slice(start?: number, end?: number): string
  latin1Write(text: string, offset?: number, length?: number): number
}

/** bytes[start, end) as text. */
export function latin1(bytes: Buffer, start: number, end: number): string {
  return (bytes as Latin1Buffer).latin1Slice(start, end)
}

/** Writes text at `offset`. @returns bytes written */
export function writeLatin1(bytes: Buffer, text: string, offset: number): number {
  return (bytes as Latin1Buffer).latin1Write(text, offset)
}
