// test/long/fuzz-client.ts: one random client of the fuzzer, and what it must not see.
import { PeerLeft, type RawConnection } from '../support/raw-node.ts'
import { BAD, GOOD, SMUGGLED } from './fuzz-node.ts'
import { type Asked, bodyOf, type Ledger, pause, Random } from './fuzz-random.ts'

const KINDS = [
  'good',
  'good',
  'mixed',
  'mixed',
  'mutant',
  'mutant',
  'rude',
  'half',
  'upgrade',
  'slow',
] as const
const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'M-X'] as const
const LONGEST_WAIT_MS = 30_000
const FIELDS = [
  'Accept: */*',
  'Cookie: a=b',
  'X-Forwarded-For: 1.2.3.4',
  'Proxy: x',
  'X_Forwarded_For: 9',
  'TE: trailers',
  'Connection: x-foo',
  'X-Foo: 1',
  'X_A: 1',
  'Content_Length: 7',
  'Transfer_Encoding: chunked',
  'Keep-Alive: 5',
]
/** What a mutation puts somewhere. */
export const ODD = [
  ...[
    '\r',
    '\n',
    '\0',
    ' ',
    '\t',
    ':',
    ';',
    ',',
    '\r\n',
    '\r\n\r\n',
    '\x0b',
    '\x85',
    '\xff',
    '0\r\n\r\n',
    'GET ',
  ],
  'Content-Length: 5\r\n',
  'Content-Length: +3\r\n',
  ' Content-Length: 3\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: identity\r\n',
  'Transfer-Encoding:\tchunked\r\n',
  'Host: b\r\n',
  'Connection: upgrade\r\nUpgrade: websocket\r\n',
  'Connection: content-length\r\n',
  'Expect: 100-continue\r\n',
]

interface Sent {
  readonly asked: Asked
  readonly method: string
  readonly wish: string
  readonly isEarly: boolean
  /** The connection may end behind it without a word. */
  readonly mayEnd: boolean
  readonly text: string
}

interface Answer {
  readonly status: number
  readonly head: string
  readonly body: string
  /** Only the end of the connection ends it. */
  readonly isUnframed: boolean
}

/** Connects, sends, and compares what comes with what must. Chunked bodies are left out where nodes refuse them. */
export async function runClient(
  connect: () => Promise<RawConnection>,
  seed: number,
  ledger: Ledger,
  usesChunks: boolean,
): Promise<void> {
  const random = new Random(seed)
  const kind = random.pick(KINDS)
  const badShare = kind === 'good' || kind === 'half' ? 0 : 0.4
  const count = 1 + random.below(kind === 'mutant' ? 3 : 6)
  const isMutant = kind === 'mutant' || kind === 'upgrade'
  const sent = Array.from({ length: count }, () => makeRequest(random, badShare, usesChunks, isMutant))
  for (const { asked } of sent) ledger.asked.set(asked.token, asked)
  const text = sent.map(one => one.text).join('')
  const client = await connect()
  const impatience = setTimeout(() => {
    ledger.problem('a client waits too long', { kind, sent: sent.map(({ wish }) => wish) })
    client.close()
  }, LONGEST_WAIT_MS)
  try {
    if (kind === 'slow') {
      client.pause()
      setTimeout(() => client.resume(), random.below(400))
    }
    if (kind === 'mutant') await sendPieces(client, random, mutate(random, text, ODD))
    else if (kind === 'upgrade') await sendPieces(client, random, text + upgrade(random, sent[0]!))
    else await sendPieces(client, random, text)
    if (kind === 'half' || kind === 'mutant') client.finish()
    if (kind === 'rude') return await leave(client, random)
    if (isMutant) await client.end()
    else await checkAnswers(client, sent, kind === 'good', ledger)
  } finally {
    clearTimeout(impatience)
    client.close()
    checkTokens(client.received, sent, ledger)
    for (const { asked } of sent) ledger.asked.delete(asked.token)
  }
}

async function checkAnswers(
  client: RawConnection,
  sent: Sent[],
  isGood: boolean,
  ledger: Ledger,
): Promise<void> {
  let last: Answer | null = null
  for (const [i, one] of sent.entries()) {
    let answer: Answer
    try {
      answer = await readAnswer(client, one.method)
    } catch (error) {
      if (!(error instanceof PeerLeft))
        return ledger.problem((error as Error).message, client.received.slice(-600))
      const wasTold = last !== null && (/^connection: *close/im.test(last.head) || last.isUnframed)
      if (isGood && !wasTold && !(i > 0 && sent[i - 1]!.mayEnd))
        ledger.problem('no answer to a good request', {
          i,
          of: sent.length,
          wish: one.wish,
          head: last?.head,
        })
      return
    }
    ledger.answers++
    judge(one, answer, 'encrypted' in client.socket, ledger)
    last = answer
  }
  client.finish()
  const rest = await client.rest().catch(() => '')
  if (rest.length > 0) ledger.problem('bytes behind the last answer', rest.toString().slice(0, 300))
}

function judge({ asked, method, wish, isEarly }: Sent, answer: Answer, isTls: boolean, ledger: Ledger): void {
  const { status, head, body } = answer
  const seesEnd = !answer.isUnframed || !isTls // Node's TLS takes a reset for an end
  const name = wish.split('.')[0] as (typeof GOOD)[number]
  if (status >= 400 && /^x-request-id:/im.test(head)) {
    if (GOOD.includes(name))
      ledger.problem(`our own ${status} to a good request`, { method, wish, isEarly, head })
    return
  }
  const token = /^x-token: *(.*)$/im.exec(head)?.[1]
  if (token !== asked.token && token !== undefined) ledger.problem('the answer to another', { wish, head })
  if (asked.isCut && method !== 'HEAD' && seesEnd)
    ledger.problem('a cut answer passed for whole', { method, wish, isEarly, head })
  if (body !== bodyOf(asked.token, body.length))
    ledger.problem('a body was changed', { wish, body: body.length })
}

// A token is long enough that no mutation makes another's.
function checkTokens(received: string, sent: Sent[], ledger: Ledger): void {
  if (received.includes('evil')) ledger.problem('an answer that nobody asked for', received.slice(-600))
  const own = new Set(sent.map(({ asked }) => asked.token))
  for (const [token] of received.matchAll(/\bt[a-z]{11}\b/g)) {
    if (!own.has(token) && ledger.asked.has(token)) return ledger.problem("another's bytes", { token })
  }
}

/** @throws PeerLeft when it is cut; Error when nobody could read it */
async function readAnswer(client: RawConnection, method: string): Promise<Answer> {
  const head = await client.head()
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1])
  if (!(status >= 100) || /\r(?!\n)|(?<!\r)\n|\0/.test(head)) throw new Error('a client got no answer head')
  if (status < 200) return readAnswer(client, method)
  const lengths = [...head.matchAll(/^content-length: *(\d+)\r$/gim)].map(([, digits]) => Number(digits))
  const codings = [...head.matchAll(/^transfer-encoding: *chunked\r$/gim)].length
  if (lengths.length + codings > 1) throw new Error('a client got an ambiguous length')
  const isUnframed = lengths.length + codings === 0
  if (method === 'HEAD' || status === 204 || status === 304)
    return { status, head, body: '', isUnframed: false }
  if (codings > 0) return { status, head, body: await readChunks(client), isUnframed }
  const bytes = isUnframed ? await client.rest() : await client.bytes(lengths[0]!)
  return { status, head, body: bytes.toString('latin1'), isUnframed }
}

async function readChunks(client: RawConnection): Promise<string> {
  let body = ''
  for (;;) {
    const size = /^([0-9a-f]+)(;.*)?\r\n$/i.exec(await client.through('\r\n'))?.[1]
    if (size === undefined) throw new Error('a client got no chunk size')
    const length = Number.parseInt(size, 16)
    if (length === 0) break
    const chunk = (await client.bytes(length + 2)).toString('latin1')
    if (!chunk.endsWith('\r\n')) throw new Error('a client got a chunk without its end')
    body += chunk.slice(0, -2)
  }
  while ((await client.through('\r\n')) !== '\r\n');
  return body
}

function makeRequest(random: Random, badShare: number, usesChunks: boolean, isMutant: boolean): Sent {
  const letters = Array.from({ length: 11 }, () => String.fromCharCode(97 + random.below(26)))
  const token = `t${letters.join('')}`
  const method = random.pick(METHODS)
  const wish = `${random.happens(badShare) ? random.pick(BAD) : random.pick(GOOD)}.${random.below(1e9)}`
  const hasBody = /POST|PUT|M-X/.test(method)
  const isChunked = hasBody && usesChunks && random.happens(0.4)
  const isOld = !isChunked && random.happens(0.08)
  const length = hasBody ? random.below(random.pick([200, 20_000, 300_000])) : 0
  const body =
    !isMutant && random.happens(0.5)
      ? SMUGGLED.repeat(Math.ceil(length / SMUGGLED.length))
      : bodyOf(token, length)
  const isEarly = hasBody && random.happens(0.15)
  const expects = !isOld && random.happens(0.05)
  const fields = [
    `Host: ${random.pick(['a.test', 'a.test:80', '[::1]:8', 'A.b'])}`,
    `X-Token: ${token}`,
    `X-Wish: ${wish}`,
    ...(isEarly ? ['X-Early: 1'] : []),
    ...(isOld ? ['Connection: keep-alive'] : []),
    ...(expects ? ['Expect: 100-continue'] : []),
    ...(isChunked ? ['Transfer-Encoding: chunked'] : hasBody ? [`Content-Length: ${length}`] : []),
  ]
  for (let i = random.below(4); i > 0; i--)
    fields.splice(random.below(fields.length + 1), 0, random.pick(FIELDS))
  const line = `${method} ${random.pick(['/', '/a?b=c', '/%41/..//x', '/x?/../y'])} HTTP/1.${isOld ? 0 : 1}`
  const wire = isChunked ? inChunks(body.slice(0, length), random) : body.slice(0, length)
  return {
    asked: { token, bodyBytes: length, isMutant, isCut: false },
    method,
    wish,
    isEarly,
    mayEnd: isOld || isEarly || expects,
    text: `${line}\r\n${fields.join('\r\n')}\r\n\r\n${wire}`,
  }
}

function inChunks(body: string, random: Random): string {
  let text = ''
  for (let at = 0; at < body.length; ) {
    const chunk = body.slice(at, at + 1 + random.below(body.length > 10_000 ? 30_000 : 300))
    text += `${chunk.length.toString(16)}${random.happens(0.1) ? ';a="b"' : ''}\r\n${chunk}\r\n`
    at += chunk.length
  }
  return `${text}0\r\n${random.happens(0.1) ? 'X-Trailer: 1\r\n' : ''}\r\n`
}

function upgrade(random: Random, { asked }: Sent): string {
  const wish = random.pick(['sized', 'nothing', 'garbage', 'cut']) // never a 101
  const fields = `Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Token: ${asked.token}\r\nX-Wish: ${wish}.3`
  return `GET /ws HTTP/1.1\r\n${fields}\r\n\r\n${SMUGGLED}`
}

/** Changes one to four places, mostly in the first head. @param odd texts to put in */
export function mutate(random: Random, text: string, odd: readonly string[]): string {
  for (let i = 1 + random.below(4); i > 0; i--) {
    const inHead = random.happens(0.8) ? text.indexOf('\r\n\r\n') : text.length
    const at = random.below(Math.max(10, inHead))
    const lineEnd = text.indexOf('\r\n', at)
    const lineAt = lineEnd < 0 ? at : lineEnd + 2
    const [before, behind] = [text.slice(0, at), text.slice(at)]
    const way = random.below(5)
    if (way === 0) text = before + String.fromCharCode(random.below(256)) + behind.slice(1)
    else if (way === 1) text = before + behind.slice(1 + random.below(8))
    else if (way === 2) text = before + random.pick(odd) + behind
    else if (way === 3) text = text.slice(0, lineAt) + random.pick(odd) + text.slice(lineAt)
    else text = before + behind.replace(/\d/, digit => String((Number(digit) + 1 + random.below(9)) % 10))
  }
  return text
}

/** Sends at once, byte by byte, or in pieces of any size. */
async function sendPieces(client: RawConnection, random: Random, text: string): Promise<void> {
  const way = random.below(3)
  if (way === 0) return client.send(text)
  if (way === 1 && text.length < 3_000) return client.drip(text)
  for (let at = 0; at < text.length && !client.isClosed; ) {
    const length = 1 + random.below(text.length > 20_000 ? 20_000 : 300)
    await client.send(text.slice(at, at + length))
    if (random.happens(0.01)) await pause(random.below(6))
    at += length
  }
}

async function leave(client: RawConnection, random: Random): Promise<void> {
  await pause(random.below(30))
  const isTls = 'encrypted' in client.socket // has no reset
  if (random.happens(0.5) && !isTls) client.reset()
  else client.close()
}
