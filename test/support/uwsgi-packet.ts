// test/support/uwsgi-packet.ts: reads uwsgi packets for tests, apart from the product's own codec so that both can
// be wrong in different ways only.
//
//     modifier1 (1)  size of vars (2, little endian)  modifier2 (1)   then for each variable:
//     length (2, little endian)  name  length (2, little endian)  value

export interface UwsgiPacket {
  readonly modifier1: number
  readonly modifier2: number
  /** In the packet's order, as Latin-1. */
  readonly vars: readonly (readonly [name: string, value: string])[]
  /** The whole packet. */
  readonly bytes: Buffer
  /** First value of a variable. */
  get(name: string): string | undefined
}

const HEAD_BYTES = 4

/** Where the packet at the beginning of `bytes` ends; -1 while it is not whole. */
export function packetEnd(bytes: Buffer): number {
  if (bytes.length < HEAD_BYTES) return -1
  const end = HEAD_BYTES + bytes.readUInt16LE(1)
  return bytes.length < end ? -1 : end
}

/** @throws Error when lengths run over the packet's end */
export function decodePacket(bytes: Buffer): UwsgiPacket {
  const vars: [string, string][] = []
  for (let at = HEAD_BYTES; at < bytes.length; ) {
    const name = textAt(bytes, at)
    at += 2 + name.length
    const value = textAt(bytes, at)
    at += 2 + value.length
    vars.push([name, value])
  }
  return {
    modifier1: bytes[0]!,
    modifier2: bytes[3]!,
    vars,
    bytes,
    get: name => vars.find(([key]) => key === name)?.[1],
  }
}

function textAt(bytes: Buffer, at: number): string {
  const start = at + 2
  const end = start <= bytes.length ? start + bytes.readUInt16LE(at) : Number.POSITIVE_INFINITY
  if (end > bytes.length)
    throw new Error(`a length runs over the end of the packet: ${bytes.toString('hex')}`)
  return bytes.toString('latin1', start, end)
}
