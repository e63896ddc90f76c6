// test/strictness/answers.ts: a node's answers: malformed, ambiguous, cut, early, too long, and interim ones.
import { type AnswerCase, answers, request, SMUGGLED } from './case.ts'

const STATUS = 'Answers: status line'
const FIELDS = 'Answers: fields'
const FRAMING = 'Answers: framing'
const CHUNKS = 'Answers: chunks'
const CUT = 'Answers: cut'
const EXCESS = 'Answers: excess bytes'
const BARE = 'Answers: without a body'
const INTERIM = 'Answers: interim'
const EARLY = 'Answers: early'
const HOP = 'Answers: hop by hop'
const LINE = 'RFC 9112 4: HTTP-version SP status-code SP [reason]'
const LENGTH = 'RFC 9112 6.3: an invalid length is answered 502'
const CODING = 'RFC 9112 6.1, 6.3'
const WHOLE = 'RFC 9112 8: what is incomplete must not look whole'
const SHOWN = 'RFC 9112 7.1; found before or behind the head was sent'

const OK = 'HTTP/1.1 200 OK\r\n'
const DATE = 'Date: Sat, 21 Nov 2026 16:00:00 GMT'
const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'
const HELLO = '5\r\nhello\r\n'
const END = '0\r\n\r\n'
const ok = (...fields: string[]): string => `${OK}${fields.map(field => `${field}\r\n`).join('')}\r\n`
const CHUNKED = ok('Transfer-Encoding: chunked')
const SIZED = `${ok('Content-Length: 5')}hello`

const bad = (topic: string, name: string, reply: string, why: string): AnswerCase =>
  answers(topic, name, why, reply, 502, { hasUwsgi: true })

const statuses: readonly AnswerCase[] = [
  ...(
    [
      ['no status line', 'hello\r\n\r\n'],
      ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
      ['a shoutcast line', 'ICY 200 OK\r\nContent-Length: 0\r\n\r\n'],
      ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
      ['a status of four digits', 'HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n'],
      ['a status of letters', 'HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n'],
      ['status 099', 'HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n'],
      ['status 000', 'HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n'],
      ['status 600', 'HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n'],
      ['status -20', 'HTTP/1.1 -20 OK\r\nContent-Length: 0\r\n\r\n'],
      ['status +20', 'HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n'],
      ['status 0xC8', 'HTTP/1.1 0xC8 OK\r\nContent-Length: 0\r\n\r\n'],
      ['a blank inside the status', 'HTTP/1.1 2 0 OK\r\nContent-Length: 0\r\n\r\n'],
      ['no status', 'HTTP/1.1 \r\nContent-Length: 0\r\n\r\n'],
      ['two blanks', 'HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n'],
      ['a tab', 'HTTP/1.1\t200 OK\r\nContent-Length: 0\r\n\r\n'],
      ['letters behind the status', 'HTTP/1.1 200OK\r\nContent-Length: 0\r\n\r\n'],
      ['nothing before the status', 'HTTP/1.1200 OK\r\nContent-Length: 0\r\n\r\n'],
      ['a blank in front', ' HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
      ['an empty line in front', `\r\n${SIZED}`],
      ['lower case', 'http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
      ['version 0.9', 'HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n'],
      ['version 1.2', 'HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n'],
      ['version 2', 'HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n'],
      ['version 2.0', 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
      ['version 1.10', 'HTTP/1.10 200 OK\r\nContent-Length: 0\r\n\r\n'],
      ['NUL in the reason', 'HTTP/1.1 200 O\0K\r\nContent-Length: 0\r\n\r\n'],
      ['a carriage return in the reason', 'HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n'],
      ['a line feed behind the line', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
      ['line feeds only', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'],
      ['carriage returns only', 'HTTP/1.1 200 OK\rContent-Length: 5\r\rhello'],
    ] as const
  ).map(([name, reply]) => bad(STATUS, name, reply, LINE)),
  answers(STATUS, 'HTTP/0.9: a body only', 'RFC 9112 4', 'hello', 502, { after: 'fin', hasUwsgi: true }),
  answers(STATUS, 'no reason', LINE, 'HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello', '200 hello', {
    hasUwsgi: true,
  }),
  answers(
    STATUS,
    'no reason and no blank',
    LINE,
    `HTTP/1.1 200\r\n${DATE}\r\nContent-Length: 5\r\n\r\nhello`,
    '200 hello',
    { hasUwsgi: true },
  ),
  answers(
    STATUS,
    'a status nobody knows',
    'RFC 9110 15',
    'HTTP/1.1 299 Odd\r\nContent-Length: 5\r\n\r\nhello',
    '299 hello',
    { hasUwsgi: true },
  ),
  answers(
    STATUS,
    'HTTP/1.0',
    'RFC 9110 2.5: answered in our own version',
    'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    '200 hello',
    { never: /^HTTP\/1\.0/m, after: 'fin', hasUwsgi: true },
  ),
  answers(
    STATUS,
    'HTTP/1.0 that is kept',
    'RFC 9112 9.3',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello',
    '200 hello',
    { never: /^HTTP\/1\.0/m },
  ),
]

const fields: readonly AnswerCase[] = [
  ...(
    [
      ['a blank before the colon', 'X : y'],
      ['no name', ': y'],
      ['no colon', 'X'],
      ['NUL in a value', 'X: \0'],
      ['NUL in a name', 'X\0: y'],
      ['a control in a value', 'X: \x01'],
      ['DEL in a value', 'X: \x7f'],
      ['a folded value', 'X: y\r\n z'],
      ['a lone line feed', 'X: y\nZ: y'],
      ['a lone carriage return', 'X: y\rZ: y'],
      ['a carriage return before a cookie', 'Location: /\rSet-Cookie: evil=1'],
      ['a whole answer behind lone line feeds', 'X: y\n\nHTTP/1.1 200 OK\nContent-Length: 4\n\nevil'],
      ['letters outside ASCII in a name', '\xc3\xa4: y'],
      ['a bracket in a name', 'X<y>: z'],
    ] as const
  ).map(([name, line]) =>
    bad(FIELDS, name, `${OK}${line}\r\nContent-Length: 5\r\n\r\nhello`, 'RFC 9112 5, RFC 9110 5.5'),
  ),
  bad(FIELDS, 'folded before the first field', `${OK} X: y\r\nContent-Length: 0\r\n\r\n`, 'RFC 9112 2.2'),
  bad(FIELDS, '1000 fields', `${OK}${'X: y\r\n'.repeat(1000)}\r\n`, 'bounded'),
  bad(FIELDS, 'a field of 100 KB', `${OK}X: ${'y'.repeat(100_000)}\r\n\r\n`, 'bounded'),
  answers(
    FIELDS,
    'letters outside ASCII in a value',
    'RFC 9110 5.5',
    `${ok('X: \xc3\xa4', 'Content-Length: 5')}hello`,
    '200 hello',
    { always: /^X: \xc3\xa4\r$/m, hasUwsgi: true },
  ),
  answers(
    FIELDS,
    'two cookies',
    'RFC 6265 3',
    `${ok('Set-Cookie: a', 'Set-Cookie: b', 'Content-Length: 5')}hello`,
    '200 hello',
    { always: /Cookie: a\r\n[\s\S]*Cookie: b\r\n/, hasUwsgi: true },
  ),
]

const lengths: readonly AnswerCase[] = (
  [
    ['a plus sign', ['Content-Length: +5']],
    ['a minus sign', ['Content-Length: -5']],
    ['hexadecimal', ['Content-Length: 0x5']],
    ['a blank inside', ['Content-Length: 5 5']],
    ['a list of equal values', ['Content-Length: 5, 5']],
    ['a list of different values', ['Content-Length: 5, 3']],
    ['a word', ['Content-Length: five']],
    ['a fraction', ['Content-Length: 5.0']],
    ['empty', ['Content-Length:']],
    ['64 bits and five', ['Content-Length: 18446744073709551621']],
    ['twice, different', ['Content-Length: 5', 'Content-Length: 3']],
    ['twice, equal', ['Content-Length: 5', 'Content-Length: 5']],
    ['folded', ['Content-Length:\r\n 5']],
    ['a blank before the colon', ['Content-Length : 5']],
    ['a vertical tab in front', ['Content-Length: \x0b5']],
    ['NUL behind', ['Content-Length: 5\0']],
  ] as const
).map(([name, lines]) => bad(FRAMING, `length: ${name}`, `${ok(...lines)}hello`, LENGTH))

const codings: readonly AnswerCase[] = (
  [
    ['and a length', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
    ['and a length behind it', ['Transfer-Encoding: chunked', 'Content-Length: 5']],
    ['identity', ['Transfer-Encoding: identity']],
    ['identity and a length', ['Transfer-Encoding: identity', 'Content-Length: 5']],
    ['gzip in front', ['Transfer-Encoding: gzip, chunked']],
    ['gzip', ['Transfer-Encoding: gzip']],
    ['chunked twice in a list', ['Transfer-Encoding: chunked, chunked']],
    ['twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked']],
    ['twice, the second identity', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity']],
    ['a letter in front', ['Transfer-Encoding: xchunked']],
    ['a letter in front, and a length', ['Transfer-Encoding: xchunked', 'Content-Length: 5']],
    ['a vertical tab in front', ['Transfer-Encoding: \x0bchunked']],
    ['a blank before the colon', ['Transfer-Encoding : chunked']],
    ['a blank before the colon, and a length', ['Content-Length: 5', 'Transfer-Encoding : chunked']],
    ['folded', ['Transfer-Encoding:\r\n chunked']],
    ['empty', ['Transfer-Encoding:']],
  ] as const
).map(([name, lines]) => bad(FRAMING, `coding: ${name}`, `${ok(...lines)}${HELLO}${END}`, CODING))

const framings: readonly AnswerCase[] = [
  bad(
    FRAMING,
    'coding: in HTTP/1.0',
    `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${HELLO}${END}`,
    'RFC 9112 6.1',
  ),
  answers(FRAMING, 'by the end of the connection', 'RFC 9112 6.3', `${OK}\r\nhello`, '200 hello', {
    after: 'fin',
    hasUwsgi: true,
  }),
  answers(
    FRAMING,
    'by the end of the connection, HTTP/1.0',
    'RFC 9112 6.3',
    'HTTP/1.0 200 OK\r\n\r\nhello',
    '200 hello',
    { after: 'fin', hasUwsgi: true },
  ),
  answers(
    FRAMING,
    'by the end of the connection, to HTTP/1.0',
    'RFC 9112 6.3',
    `${OK}\r\nhello`,
    '200 hello',
    { after: 'fin', send: request('GET /r HTTP/1.0'), hasUwsgi: true },
  ),
  answers(FRAMING, 'chunks', 'RFC 9112 7.1', `${CHUNKED}${HELLO}${END}`, '200 hello', { hasUwsgi: true }),
  answers(
    FRAMING,
    'chunks, to HTTP/1.0',
    'RFC 9112 7: HTTP/1.0 knows none',
    `${CHUNKED}${HELLO}${END}`,
    '200 hello',
    { send: request('GET /r HTTP/1.0'), never: /chunked|\r\n0\r\n/i, hasUwsgi: true },
  ),
  ...(
    [
      ['chunks', `${CHUNKED}${HELLO}${END}`],
      ['by the end of the connection', `${OK}\r\nhello`],
    ] as const
  ).map(([name, reply]) =>
    answers(
      FRAMING,
      `${name}, to HTTP/1.0 that would be kept`,
      'RFC 9112 6.3: only the close tells the end',
      reply,
      '200 hello',
      {
        after: name === 'chunks' ? 'stay' : 'fin',
        send: request('GET /r HTTP/1.0', 'Connection: keep-alive'),
        never: /chunked|keep-alive/i,
        hasUwsgi: true,
      },
    ),
  ),
  answers(
    FRAMING,
    'an underscore twin of the length',
    'only the name itself frames',
    `${ok('Content_Length: 3', 'Content-Length: 5')}hello`,
    '200 hello',
    { hasUwsgi: true },
  ),
  answers(
    FRAMING,
    'an underscore twin of the coding',
    'only the name itself frames',
    `${ok('Transfer_Encoding: chunked', 'Content-Length: 5')}hello`,
    '200 hello',
    { hasUwsgi: true },
  ),
  answers(
    FRAMING,
    'Connection names the length',
    'RFC 9110 7.6.1',
    `${ok('Connection: Content-Length', 'Content-Length: 5')}hello`,
    '200 hello',
    { always: /^content-length: 5\r$/im, hasUwsgi: true },
  ),
]

const chunks: readonly AnswerCase[] = [
  ...(
    [
      ['no size', `\r\nhello\r\n${END}`],
      ['a size with a blank in front', ` 5\r\nhello\r\n${END}`],
      ['a size with a blank behind', `5 \r\nhello\r\n${END}`],
      ['a plus sign', `+5\r\nhello\r\n${END}`],
      ['0x', `0x5\r\nhello\r\n${END}`],
      ['64 bits and five', `10000000000000005\r\nhello\r\n${END}`],
      ['a letter that is no digit', `5g\r\nhello\r\n${END}`],
      ['LF behind a size', `5\nhello\r\n${END}`],
      ['LF behind data', `5\r\nhello\n${END}`],
      ['nothing behind data', `5\r\nhello${END}`],
      ['more data than the size says', `5\r\nhello world\r\n${END}`],
      ['LF as the end', '5\r\nhello\r\n0\n\n'],
      ['LF in an extension', `5;x\nhello\r\n${END}`],
      ['NUL in an extension', `5;\0\r\nhello\r\n${END}`],
      ['an endless extension', `5;${'x'.repeat(50_000)}\r\nhello\r\n${END}`],
      ['a length as trailer', '5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n'],
      ['a coding as trailer', '5\r\nhello\r\n0\r\nTransfer-Encoding: x\r\n\r\n'],
      ['a folded trailer', '5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n'],
      ['an answer instead of a trailer', `5\r\nhello\r\n0\r\n${EVIL}`],
    ] as const
  ).map(([name, body]) => answers(CHUNKS, name, SHOWN, CHUNKED + body, 'refused', { hasUwsgi: true })),
  answers(CHUNKS, 'a trailer', 'RFC 9112 7.1.2', `${CHUNKED}${HELLO}0\r\nX-Sum: 1\r\n\r\n`, '200 hello', {
    hasUwsgi: true,
  }),
  answers(CHUNKS, 'an extension', 'RFC 9112 7.1.1', `${CHUNKED}5;x=y\r\nhello\r\n${END}`, '200 hello', {
    hasUwsgi: true,
  }),
]

const cuts: readonly AnswerCase[] = (['fin', 'reset'] as const).flatMap(after => {
  const by = after === 'fin' ? 'FIN' : 'RST'
  const cut = (name: string, reply: string, extras: Partial<AnswerCase> = {}): AnswerCase =>
    answers(CUT, `${name}, by ${by}`, WHOLE, reply, 'refused', {
      after,
      isCut: true,
      hasUwsgi: true,
      ...extras,
    })
  return [
    cut('before a byte', ''),
    cut('in the status line', 'HTTP/1.1 2'),
    cut('in the head', `${OK}Content-Le`),
    cut('behind an interim answer', 'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n', { interim: [103] }),
    cut('behind the head', ok('Content-Length: 5')),
    cut('before its length', `${ok('Content-Length: 5')}hel`),
    cut('before its length, to HTTP/1.0', `${ok('Content-Length: 5')}hel`, {
      send: request('GET /r HTTP/1.0'),
    }),
    cut('before the first chunk', CHUNKED),
    cut('in a chunk size', `${CHUNKED}5`),
    cut('in a chunk', `${CHUNKED}5\r\nhel`),
    cut('before the last chunk', `${CHUNKED}${HELLO}`),
    cut('before the last chunk, to HTTP/1.0', `${CHUNKED}${HELLO}`, { send: request('GET /r HTTP/1.0') }),
    cut('before the last line', `${CHUNKED}${HELLO}0\r\n`),
    cut('in a trailer', `${CHUNKED}${HELLO}0\r\nX: y\r\n`),
    ...(after === 'reset'
      ? [
          cut('without a length', `${OK}\r\nhel`),
          cut('without a length, to HTTP/1.0', `${OK}\r\nhel`, { send: request('GET /r HTTP/1.0') }),
        ]
      : []),
  ]
})

const extra = (name: string, reply: string, gets: string, extras: Partial<AnswerCase>): AnswerCase =>
  answers(EXCESS, name, 'RFC 9112 6.3: it belongs to no answer', reply, gets, { never: /evil/, ...extras })

const excess: readonly AnswerCase[] = [
  extra('an answer behind a length', SIZED, '200 hello', { excess: EVIL, hasUwsgi: true }),
  extra('a few bytes behind a length', SIZED, '200 hello', { excess: '!evil', hasUwsgi: true }),
  extra('an answer behind length 0', ok('Content-Length: 0'), '200', { excess: EVIL, hasUwsgi: true }),
  extra('an answer behind chunks', `${CHUNKED}${HELLO}${END}`, '200 hello', { excess: EVIL, hasUwsgi: true }),
  extra('a line end behind chunks', `${CHUNKED}${HELLO}${END}`, '200 hello', { excess: '\r\n' }),
  extra('an answer behind a length, later', SIZED, '200 hello', { late: EVIL }),
  extra('an answer behind chunks, later', `${CHUNKED}${HELLO}${END}`, '200 hello', { late: EVIL }),
  extra('a byte behind a length, later', SIZED, '200 hello', { late: 'H' }),
  extra(
    'an answer behind Connection: close',
    `${ok('Connection: close', 'Content-Length: 5')}hello`,
    '200 hello',
    { excess: EVIL, hasUwsgi: true },
  ),
]

const bare = (
  name: string,
  reply: string,
  gets: number | string,
  extras: Partial<AnswerCase> = {},
): AnswerCase =>
  answers(BARE, name, 'RFC 9112 6.3: HEAD, 204 and 304 have no body', reply, gets, {
    never: /hello/,
    hasUwsgi: true,
    ...extras,
  })
const head = { asks: 'HEAD', send: request('HEAD /r') } as const

const bares: readonly AnswerCase[] = [
  bare('HEAD with a length', ok('Content-Length: 5'), '200', head),
  bare('HEAD with chunks', CHUNKED, '200', head),
  bare('HEAD with a length and a body', ok('Content-Length: 5'), '200', { ...head, excess: 'hello' }),
  bare('HEAD with chunks and a body', CHUNKED, '200', { ...head, excess: `${HELLO}${END}` }),
  bare('HEAD with a body, later', ok('Content-Length: 5'), '200', {
    ...head,
    late: 'hello',
    hasUwsgi: false,
  }),
  bare('HEAD with both', ok('Content-Length: 5', 'Transfer-Encoding: chunked'), 502, head),
  bare('204', 'HTTP/1.1 204 No Content\r\n\r\n', '204'),
  bare('204 with a length', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', '204', {
    excess: 'hello',
  }),
  bare('204 that announces a body', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', '204'),
  bare('204 that announces chunks', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n', '204'),
  bare('204 with length 0', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', '204'),
  bare('204 with chunks', 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n', '204', {
    excess: `${HELLO}${END}`,
  }),
  bare('204 with a length, the body later', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', '204', {
    late: 'hello',
    hasUwsgi: false,
  }),
  bare('304', 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n', '304'),
  bare('304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', '304'),
  bare('304 with a body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', '304', {
    excess: 'hello',
  }),
  bare(
    '304 with chunks and a body',
    'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n',
    '304',
    { excess: `${HELLO}${END}` },
  ),
]

const between = (
  name: string,
  before: string,
  gets: number | string,
  why: string,
  extras: Partial<AnswerCase> = {},
): AnswerCase => answers(INTERIM, name, why, before + SIZED, gets, { hasUwsgi: true, ...extras })
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n'
const BUSY = 'HTTP/1.1 102 Processing\r\n\r\n'

const interims: readonly AnswerCase[] = [
  between('103', HINTS, '200 hello', 'RFC 8297', { interim: [103], always: /^Link: <x>\r$/m }),
  between('102', BUSY, '200 hello', 'RFC 9110 15.2: relayed, and not the answer', { interim: [102] }),
  between('102 and 103', BUSY + HINTS + HINTS, '200 hello', 'RFC 9110 15.2', { interim: [102, 103, 103] }),
  between('one nobody knows', 'HTTP/1.1 199 Odd\r\n\r\n', '200 hello', 'RFC 9110 15.2', { interim: [199] }),
  between('100 that nobody asked for', 'HTTP/1.1 100 Continue\r\n\r\n', '200 hello', 'RFC 9110 15.2.1'),
  between('103 to HTTP/1.0', HINTS, '200 hello', 'RFC 9110 15.2: HTTP/1.0 knows none', {
    send: request('GET /r HTTP/1.0'),
  }),
  between(
    '103 with a length',
    'HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n',
    '200 hello',
    'RFC 9110 8.6: no framing fields in 1xx',
    { interim: [103] },
  ),
  between(
    '103 with chunks',
    'HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n',
    '200 hello',
    'RFC 9112 6.1: no framing fields in 1xx',
    { interim: [103] },
  ),
  between('103 with a bad field', 'HTTP/1.1 103 Early Hints\r\nLink : <x>\r\n\r\n', 502, 'RFC 9112 5.1'),
  between(
    '103 with Connection: close',
    'HTTP/1.1 103 Early Hints\r\nConnection: close\r\n\r\n',
    '200 hello',
    'RFC 9110 7.6.1',
    { interim: [103], never: /connection: close/i },
  ),
  between('16 of 103', HINTS.repeat(16), '200 hello', 'RFC 9110 15.2', {
    interim: Array.from({ length: 16 }, () => 103),
  }),
  between('a flood of 103', HINTS.repeat(2000), 502, 'bounded', {
    interim: Array.from({ length: 16 }, () => 103),
  }),
  between('a flood of 100', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(2000), 502, 'bounded'),
  between(
    '101 that nobody asked for',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    502,
    'RFC 9110 15.2.2',
  ),
  between('101 without Upgrade', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', 502, 'RFC 9110 15.2.2'),
  between(
    '101 to h2c',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
    502,
    'RFC 9113 3.1',
    {
      send: request(
        'GET /r',
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAAQAAP__',
      ),
    },
  ),
]

const post = request('POST /r', 'Content-Length: 5')
const early = (
  name: string,
  reply: string,
  gets: number | string,
  extras: Partial<AnswerCase> = {},
): AnswerCase =>
  answers(EARLY, name, 'RFC 9112 9.3: the rest of the body is no request', reply, gets, {
    isEarly: true,
    send: `${post}hello`,
    hasUwsgi: !/expect/i.test(extras.send ?? ''), // there it is we who say "100 Continue"
    ...extras,
  })

const earlies: readonly AnswerCase[] = [
  early('before the body', SIZED, '200 hello'),
  early('before a body that looks like a request', SIZED, '200 hello', {
    send: `${request('POST /r', 'Content-Length: 47')}GET /smuggled HTTP/1.1\r\nHost: a.test\r\nX: yyyy\r\n`,
  }),
  early('before chunks', SIZED, '200 hello', {
    send: `${request('POST /r', 'Transfer-Encoding: chunked')}${HELLO}${END}`,
  }),
  early('before a long body', SIZED, '200 hello', {
    send: request('POST /r', 'Content-Length: 100000') + 'x'.repeat(100_000),
  }),
  early('to "Expect: 100-continue", and a body that looks like a request comes', SIZED, '200 hello', {
    send: `${request('POST /r', 'Expect: 100-continue', 'Content-Length: 47')}GET /smuggled HTTP/1.1\r\nHost: a.test\r\nX: yyyy\r\n`,
  }),
  early('to a GET with a body that looks like a request', SIZED, '200 hello', {
    send: `${request('GET /r', 'Content-Length: 47')}GET /smuggled HTTP/1.1\r\nHost: a.test\r\nX: yyyy\r\n`,
  }),
  early(
    '417 to "Expect: 100-continue"',
    'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 5\r\n\r\nhello',
    '417 hello',
    {
      send: `${request('POST /r', 'Expect: 100-continue', 'Content-Length: 5')}hello`,
    },
  ),
  early('100 and then the answer, before the body', `HTTP/1.1 100 Continue\r\n\r\n${SIZED}`, '200 hello', {
    send: `${request('POST /r', 'Expect: 100-continue', 'Content-Length: 5')}`,
    interim: [100],
  }),
  early('to "Expect: 100-continue", and a request comes as body', SIZED, '200 hello', {
    send: request('POST /r', 'Expect: 100-continue', `Content-Length: ${SMUGGLED.length}`),
    rest: SMUGGLED,
  }),
  early(
    'and closed, and a request comes as body',
    `${ok('Connection: close', 'Content-Length: 5')}hello`,
    '200 hello',
    { after: 'fin', send: request('POST /r', `Content-Length: ${SMUGGLED.length}`), rest: SMUGGLED },
  ),
  early('without a length, and a request comes as body', `${OK}\r\nhello`, '200 hello', {
    after: 'fin',
    send: request('POST /r', `Content-Length: ${SMUGGLED.length}`),
    rest: SMUGGLED,
  }),
  early('without a valid head, and a request comes as body', 'hello\r\n\r\n', 502, {
    send: request('POST /r', `Content-Length: ${SMUGGLED.length}`),
    rest: SMUGGLED,
  }),
  early('and closed', `${ok('Connection: close', 'Content-Length: 5')}hello`, '200 hello', { after: 'fin' }),
  early(
    '413 and closed',
    'HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello',
    '413 hello',
    { after: 'fin', send: request('POST /r', 'Content-Length: 100000') + 'x'.repeat(100_000) },
  ),
  early('to "Expect: 100-continue"', `${ok('Content-Length: 5')}hello`, '200 hello', {
    send: request('POST /r', 'Expect: 100-continue', 'Content-Length: 5'),
  }),
]

const hops: readonly AnswerCase[] = [
  answers(
    HOP,
    'Connection: close',
    'RFC 9112 9.6: of the node',
    `${ok('Connection: close', 'Content-Length: 5')}hello`,
    '200 hello',
    { after: 'fin', never: /connection: close/i, hasUwsgi: true },
  ),
  answers(
    HOP,
    'Keep-Alive',
    'RFC 9110 7.6.1',
    `${ok('Keep-Alive: timeout=5', 'Content-Length: 5')}hello`,
    '200 hello',
    { never: /keep-alive: /i, hasUwsgi: true },
  ),
  answers(
    HOP,
    'Proxy-Connection',
    'RFC 9110 7.6.1',
    `${ok('Proxy-Connection: close', 'Content-Length: 5')}hello`,
    '200 hello',
    { never: /proxy-connection/i, hasUwsgi: true },
  ),
  answers(
    HOP,
    'a field that Connection names',
    'RFC 9110 7.6.1',
    `${ok('Connection: X-Own', 'X-Own: 1', 'Content-Length: 5')}hello`,
    '200 hello',
    { never: /x-own/i, hasUwsgi: true },
  ),
  answers(
    HOP,
    'Upgrade: h2c is not advertised',
    'RFC 9113 3.1',
    `${ok('Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 5')}hello`,
    '200 hello',
    { never: /h2c/i, hasUwsgi: true },
  ),
]

export const ANSWERS: readonly AnswerCase[] = [
  ...statuses,
  ...fields,
  ...lengths,
  ...codings,
  ...framings,
  ...chunks,
  ...cuts,
  ...excess,
  ...bares,
  ...interims,
  ...earlies,
  ...hops,
]
