// test/gateway/proxy-protocol/samples.ts: PROXY headers, built as a proxy would, and wrong on purpose.
import { crc32c } from '../../../gateway/proxy-protocol/crc32c.ts'

const START = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
export const CHECKSUM = 0x03

export interface V2 {
  /** Version and command: 0x20 the proxy itself, 0x21 a client. */
  readonly command?: number
  /** Family and transport. */
  readonly kind?: number
  readonly addresses?: Buffer
  /** Type and value of each; a CHECKSUM of four zeros is filled in. */
  readonly tlvs?: readonly (readonly [number, Buffer])[]
  /** In place of the true size of the rest. */
  readonly size?: number
}

export const INET = inet([192, 0, 2, 7], [198, 51, 100, 1], 40_001, 443)
export const INET6 = inet(
  [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
  new Array<number>(16).fill(1),
  65_535,
  0,
)
export const UNIX = Buffer.alloc(216)

export function v2({ command = 0x21, kind = 0x11, addresses = INET, tlvs = [], size }: V2 = {}): Buffer {
  const parts = tlvs.map(([type, value]) => {
    const head = Buffer.from([type, 0, 0])
    head.writeUInt16BE(value.length, 1)
    return Buffer.concat([head, value])
  })
  const rest = Buffer.concat([addresses, ...parts])
  const fixed = Buffer.from([command, kind, 0, 0])
  fixed.writeUInt16BE(size ?? rest.length, 2)
  const header = Buffer.concat([START, fixed, rest])
  let at = START.length + fixed.length + addresses.length
  for (const [type, value] of tlvs) {
    const isToFill = type === CHECKSUM && value.equals(Buffer.alloc(4))
    if (isToFill) header.writeUInt32BE(crc32c(header), at + 3)
    at += 3 + value.length
  }
  return header
}

function inet(source: number[], destination: number[], sourcePort: number, port: number): Buffer {
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(sourcePort)
  ports.writeUInt16BE(port, 2)
  return Buffer.concat([Buffer.from(source), Buffer.from(destination), ports])
}
