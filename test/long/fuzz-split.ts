// test/long/fuzz-split.ts: bytes mean the same whole, one by one, and in any pieces, broken ones too.
import type { RawConnection } from '../support/raw-node.ts'
import { mutate, ODD } from './fuzz-client.ts'
import { type Ledger, Random } from './fuzz-random.ts'

const MORE_ODD = [
  'Connection: close\r\n',
  'HTTP/1.0',
  '#',
  '?',
  '%zz',
  '1;a=b',
  'x'.repeat(400),
  'X: 1\r\n'.repeat(20),
]

/** Sends the same stream in three ways at once, and compares the answers. */
export async function runSplit(
  connect: () => Promise<RawConnection>,
  seed: number,
  ledger: Ledger,
): Promise<void> {
  const random = new Random(seed)
  const requests = Array.from({ length: 1 + random.below(4) }, () => makeRequest(random))
  const text = random.happens(0.2)
    ? requests.join('')
    : mutate(random, requests.join(''), [...ODD, ...MORE_ODD])
  const [whole, bytes, pieces] = await Promise.all([
    run(connect, text, text.length),
    run(connect, text, 1),
    run(connect, text, 2 + random.below(40)),
  ])
  ledger.answers += 3
  if (whole !== bytes || whole !== pieces)
    ledger.problem('pieces mean another thing', { text, whole, bytes, pieces })
}

function makeRequest(random: Random): string {
  const body = 'b'.repeat(random.below(60))
  const isChunked = random.happens(0.4)
  const line = `${random.pick(['GET', 'POST', 'PUT', 'HEAD', 'TRACE'])} /${'p'.repeat(random.below(10))} HTTP/1.1`
  const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`
  const fields = `Host: a\r\nX-Wish: sized.${random.below(1e9)}\r\n${framing}`
  return `${line}\r\n${fields}\r\n\r\n${isChunked ? `${chunk}0\r\n\r\n` : body}`
}

async function run(connect: () => Promise<RawConnection>, text: string, size: number): Promise<string> {
  const client = await connect()
  for (let at = 0; at < text.length && !client.isClosed; at += size) {
    await client.send(text.slice(at, at + size))
    await new Promise(resolve => setImmediate(resolve))
  }
  await client.end()
  client.close()
  return client.received
    .replace(/^Date: .*\r\n/gm, '')
    .replace(/X-Request-Id: .*|Request id: .*/g, 'id')
    .replace(/Content-Length: \d+/g, 'length') // an id is longer when its number is
}
