// test/fuzz/http-seeds.ts: what the HTTP targets share: tokens, recorded requests, and fields made to cost much.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hashOn } from '../../gateway/http1/field-names.ts'
import { recorded } from './corpus.ts'

export const HEAD_TOKENS: readonly string[] = [
  '\r\n',
  '\r\n\r\n',
  '\n',
  '\r',
  '\n\n',
  ' ',
  '\t',
  ':',
  ': ',
  ' :',
  ',',
  ';',
  '\0',
  '\r\n ',
  '\r\n\t', // biome-ignore format: one list
  'GET ',
  'HEAD ',
  'POST ',
  'OPTIONS * ',
  'CONNECT a:80 ',
  'TRACE ',
  'PRI * HTTP/2.0',
  ' HTTP/1.1\r\n',
  ' HTTP/1.0\r\n',
  'HTTP/1.',
  ' HTTP/2.0',
  'http://',
  'https://',
  'HTTP://a',
  '/',
  '//',
  '?',
  '#',
  '%',
  '%00',
  '%2e',
  '%2F',
  '*',
  '@',
  '\\',
  'Host: a\r\n',
  'Host: ',
  'Host: [::1]:80\r\n',
  'Host: a:65536\r\n',
  '[',
  ']',
  '::',
  ':80',
  '[::ffff:1.2.3.4]',
  '1.2.3.4',
  'Content-Length: 0\r\n',
  'Content-Length: 5\r\n',
  'content_length: 5\r\n',
  'Content-Length: 999999999999999\r\n',
  'Content-Length:',
  '+5',
  '0x5',
  '5, 5',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Transfer_Encoding: chunked\r\n',
  'chunked',
  'identity',
  'Connection: close\r\n',
  'Connection: keep-alive\r\n',
  'Connection: Upgrade\r\n',
  'Connection: x-a, host\r\n',
  'Connection: ',
  'Upgrade: websocket\r\n',
  'Upgrade: h2c\r\n',
  'Expect: 100-continue\r\n',
  'TE: trailers\r\n',
  'Trailer: a\r\n',
  'Keep-Alive: timeout=5\r\n',
  'Proxy: a\r\n',
  'Proxy-Connection: close\r\n',
  'X-Forwarded-For: 1.2.3.4\r\n',
  'X_Forwarded_For: 1.2.3.4\r\n',
  'Forwarded: for=a\r\n',
  'X-A: 1\r\n',
  'X_A: 1\r\n',
  'Cookie: a=b\r\n',
  'Date: x\r\n',
  'Content-Type: a/b\r\n',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 204 \r\n',
  'HTTP/1.1 304\r\n',
  'Status: 200 OK\r\n',
  'status: 404\r\n',
  ' 599 ',
  ' 101 ',
]

interface Vectors {
  readonly groups: readonly { readonly cases: readonly { readonly request: string }[] }[]
}

/** Files of the corpus's requests, and those that uWSGI's own router was shown. */
export function recordedRequests(): Buffer[] {
  const file = join(import.meta.dirname, '../vectors/http-router-requests.json')
  const { groups } = JSON.parse(readFileSync(file, 'utf8')) as Vectors
  const texts = groups.flatMap(({ cases }) => cases.map(({ request }) => Buffer.from(request, 'latin1')))
  return [...recorded('requests').values(), ...texts]
}

/** Field sections of 126 fields and some 30 KB that make whatever is not linear show. */
export function hostileFields(): string[] {
  const twins = colliding('x_'.repeat(100))
  const strangers = colliding('x'.repeat(200))
  return [
    lines(i => `X-A${i}: ${'v'.repeat(220)}`),
    lines(i => `${'x'.repeat(220)}${i}: v`),
    lines(() => `${'x'.repeat(230)}: v`),
    lines(() => `${'x_'.repeat(115)}: v`),
    lines(i => `${twins(i)}: v`),
    lines(i => `${strangers(i)}: v`),
    lines(() => `Connection: ${'a,'.repeat(110)}b`),
    lines(i => `Connection: ${'x'.repeat(200)}${i}`),
    lines(() => `X: ${' '.repeat(220)}`),
    lines(() => `Cookie: ${'c'.repeat(220)}`),
    `X-Forwarded-For: ${'1.2.3.4,'.repeat(3_700)}\r\n`,
    `X: ${'v'.repeat(30_000)}\r\n`,
    'a:\r\n'.repeat(126),
  ]
}

function lines(line: (i: number) => string): string {
  return Array.from({ length: 126 }, (_, i) => `${line(i)}\r\n`).join('')
}

// Names of one hash and one length: behind the prefix seven pairs of letters, each in one of two forms that hash alike.
function colliding(prefix: string): (i: number) => string {
  let hash = hashOf(prefix)
  const forms: (readonly [string, string])[] = []
  for (let bit = 0; bit < 7; bit++) {
    const pair = findCollision(hash)
    forms.push(pair)
    hash = hashOf(pair[0], hash)
  }
  return i => prefix + forms.map((pair, bit) => pair[(i >> bit) & 1]).join('')
}

function findCollision(before: number): readonly [string, string] {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  const seen = new Map<number, string>()
  for (const a of letters) {
    for (const b of letters) {
      const hash = hashOf(a + b, before)
      const same = seen.get(hash)
      if (same !== undefined) return [same, a + b]
      seen.set(hash, a + b)
    }
  }
  throw new Error('the hash has no collision of two letters')
}

// As the parser does it: in lower case, '_' as '-'.
function hashOf(name: string, before = 0): number {
  let hash = before
  for (const byte of Buffer.from(name.replaceAll('_', '-'))) hash = hashOn(hash, byte)
  return hash
}
