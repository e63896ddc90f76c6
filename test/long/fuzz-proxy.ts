// test/long/fuzz-proxy.ts: the fuzzer's clients as a proxy brings them: with a PROXY header in front, a bad one at times.
import { CHECKSUM, v2 } from '../gateway/proxy-protocol/samples.ts'
import type { RawConnection } from '../support/raw-node.ts'
import { SMUGGLED } from './fuzz-node.ts'
import { type Ledger, pause, Random } from './fuzz-random.ts'

/** Whom every good header names. */
export const BEHIND_PROXY = '192.0.2.7'

const BAD: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.from(' PROXY TCP4 192.0.2.7 198.51.100.1 40001 443\r\n'),
  Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 40001 443\n'),
  Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 40001\r\n'),
  Buffer.from('PROXY TCP4 192.0.2.777 198.51.100.1 40001 443\r\n'),
  Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 40001 443 \r\n'),
  Buffer.from(`PROXY UNKNOWN ${'x'.repeat(120)}\r\n`),
  Buffer.from('\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', 'latin1'),
  v2({ command: 0x22 }),
  v2({ command: 0x11 }),
  v2({ kind: 0x51 }),
  v2({ kind: 0x21 }),
  v2({ size: 5_000 }),
  v2({ tlvs: [[CHECKSUM, Buffer.from([1, 2, 3, 4])]] }),
]

/** Sends a good header as no packet boundary promises it: whole, in pieces, or together with what follows. */
export async function introduce(client: RawConnection, random: Random): Promise<void> {
  const header = goodHeader(random)
  const way = random.below(4)
  if (way === 0) {
    client.socket.cork()
    client.socket.write(header)
    setImmediate(() => client.socket.uncork())
  } else if (way === 1 && header.length < 200) await client.drip(header)
  else if (way === 2) {
    const at = 1 + random.below(header.length - 1)
    await client.send(header.subarray(0, at))
    await pause(random.below(5))
    await client.send(header.subarray(at))
  } else await client.send(header)
}

/** A header that says nothing valid, or a second one: what stands behind it never becomes a request. */
export async function runBadHeader(
  connect: () => Promise<RawConnection>,
  seed: number,
  ledger: Ledger,
): Promise<void> {
  const random = new Random(seed)
  const client = await connect()
  const isSecond = random.happens(0.2)
  const header = isSecond ? Buffer.concat([goodHeader(random), goodHeader(random)]) : random.pick(BAD)
  const all = Buffer.concat([header, Buffer.from(SMUGGLED)])
  if (random.happens(0.3)) await client.drip(all)
  else await client.send(all)
  await client.end()
  client.close()
  const isRight = isSecond
    ? /^HTTP\/1\.1 400 /.test(client.received) || client.received === ''
    : client.received === ''
  if (!isRight)
    ledger.problem('a bad PROXY header was answered', {
      header: header.toString('latin1'),
      got: client.received.slice(0, 200),
    })
}

function goodHeader(random: Random): Buffer {
  if (random.happens(0.4))
    return Buffer.from(`PROXY TCP4 ${BEHIND_PROXY} 198.51.100.1 ${random.below(65_536)} 443\r\n`)
  const note = Buffer.alloc(random.below(random.pick([10, 3_000])), 'n')
  const tlvs: [number, Buffer][] = random.happens(0.5) ? [] : [[0xe0, note]]
  if (random.happens(0.5)) tlvs.push([CHECKSUM, Buffer.alloc(4)])
  return v2({ tlvs })
}
