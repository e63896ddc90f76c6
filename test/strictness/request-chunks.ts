// test/strictness/request-chunks.ts: the chunked coding of a request: sizes, extensions, line ends, trailers.
import { passes, type RequestCase, refused, request, SMUGGLED } from './case.ts'

const TOPIC = 'Chunks'
const SIZE = 'RFC 9112 7.1: chunk-size = 1*HEXDIG'
const OVERFLOW = 'RFC 9112 7.1: no overflow of a size'
const LINE = 'RFC 9112 7.1: lines end with CRLF'
const EXTENSION = 'RFC 9112 7.1.1'
const TRAILER = 'RFC 9112 7.1.2, RFC 9110 6.5.1'

const HEAD = request('POST /x', 'Transfer-Encoding: chunked')
const END = '0\r\n\r\n'

const bad = (name: string, body: string, why: string): RequestCase =>
  refused(TOPIC, name, why, `${HEAD}${body}${SMUGGLED}`)
const good = (name: string, body: string, data: string, why: string): RequestCase =>
  passes(TOPIC, name, why, `${HEAD}${body}${request('GET /y')}`, [`POST /x${data && ` ${data}`}`, 'GET /y'])
const cut = (name: string, body: string): RequestCase =>
  refused(TOPIC, name, 'RFC 9112 8: an incomplete request', HEAD + body, 400, { finishes: true })

export const REQUEST_CHUNKS: readonly RequestCase[] = [
  bad('no size', `\r\nhello\r\n${END}`, SIZE),
  bad('a blank before the size', ` 5\r\nhello\r\n${END}`, SIZE),
  bad('a blank behind the size', `5 \r\nhello\r\n${END}`, SIZE),
  bad('a tab behind the size', `5\t\r\nhello\r\n${END}`, SIZE),
  bad('a plus sign', `+5\r\nhello\r\n${END}`, SIZE),
  bad('a minus sign', `-5\r\nhello\r\n${END}`, SIZE),
  bad('minus zero', `5\r\nhello\r\n-0\r\n\r\n`, SIZE),
  bad('0x', `0x5\r\nhello\r\n${END}`, SIZE),
  bad('0x in the last size', `5\r\nhello\r\n0x0\r\n\r\n`, SIZE),
  bad('a letter that is no digit', `5h\r\nhello\r\n${END}`, SIZE),
  bad('an underscore between digits', `0_5\r\nhello\r\n${END}`, SIZE),
  bad('a comma', `5,5\r\nhello\r\n${END}`, SIZE),
  bad('a fraction', `5.0\r\nhello\r\n${END}`, SIZE),
  bad('quoted', `"5"\r\nhello\r\n${END}`, SIZE),
  bad('NUL in a size', `5\0\r\nhello\r\n${END}`, SIZE),
  bad('digits of another script', `\xd9\xa5\r\nhello\r\n${END}`, SIZE),
  bad('64 bits and five', `10000000000000005\r\nhello\r\n${END}`, OVERFLOW),
  bad('all bits of 64', `ffffffffffffffff\r\nhello\r\n${END}`, OVERFLOW),
  bad('a hundred digits', `${'f'.repeat(100)}\r\nhello\r\n${END}`, OVERFLOW),
  bad('a thousand zeros', `${'0'.repeat(1000)}5\r\nhello\r\n${END}`, OVERFLOW),
  cut('32 bits and five, cut', `100000005\r\nhello\r\n${END}`),
  bad('LF behind a size', `5\nhello\r\n${END}`, LINE),
  bad('CR behind a size', `5\rhello\r\n${END}`, LINE),
  bad('CR CR LF behind a size', `5\r\r\nhello\r\n${END}`, LINE),
  bad('LF behind data', `5\r\nhello\n${END}`, LINE),
  bad('CR behind data', `5\r\nhello\r${END}`, LINE),
  bad('nothing behind data', `5\r\nhello${END}`, LINE),
  bad('more data than the size says', `5\r\nhello world\r\n${END}`, LINE),
  bad('less data than the size says', `7\r\nhello\r\n${END}`, LINE),
  bad('other bytes instead of a line end', `5\r\nhelloXX${END}`, LINE),
  bad('LF behind the last size', `5\r\nhello\r\n0\n\r\n`, LINE),
  bad('LF as the end', `5\r\nhello\r\n0\r\n\n`, LINE),
  bad('LF and LF as the end', `5\r\nhello\r\n0\n\n`, LINE),
  bad('CR and CR as the end', `5\r\nhello\r\n0\r\n\r\r`, LINE),
  bad('an extension without a size', `;x\r\nhello\r\n${END}`, SIZE),
  bad('LF in an extension', `5;x\nhello\r\n${END}`, EXTENSION),
  bad('LF right behind the semicolon', `5;\nhello\r\n${END}`, EXTENSION),
  bad('CR in an extension', `5;x\ry\r\nhello\r\n${END}`, EXTENSION),
  bad('NUL in an extension', `5;x\0\r\nhello\r\n${END}`, EXTENSION),
  bad('a blank before an extension', `5 ;x\r\nhello\r\n${END}`, `${EXTENSION}: "bad" whitespace`),
  bad('a blank inside an extension', `5;x =y\r\nhello\r\n${END}`, `${EXTENSION}: "bad" whitespace`),
  bad('CRLF inside a quoted extension', `5;x="\r\n"\r\nhello\r\n${END}`, EXTENSION),
  bad('a quoted extension without an end', `5;x="y\r\nhello\r\n${END}`, EXTENSION),
  bad(
    'an escape in a quoted extension',
    `5;x="\\"\r\nhello\r\n${END}`,
    `${EXTENSION}: readers differ on escapes`,
  ),
  bad('an empty extension', `5;\r\nhello\r\n${END}`, `${EXTENSION}: chunk-ext-name = token`),
  bad('an extension without a name', `5;=y\r\nhello\r\n${END}`, `${EXTENSION}: chunk-ext-name = token`),
  bad('an extension without a value', `5;x=\r\nhello\r\n${END}`, `${EXTENSION}: chunk-ext-val`),
  bad('two equals signs', `5;x=y=z\r\nhello\r\n${END}`, EXTENSION),
  bad('letters behind a quoted value', `5;x="y"z\r\nhello\r\n${END}`, EXTENSION),
  bad('an extension of 100 KB', `5;${'x'.repeat(100_000)}\r\nhello\r\n${END}`, `${EXTENSION}: bounded`),
  bad('a length as trailer', `0\r\nContent-Length: 5\r\n\r\n`, TRAILER),
  bad('a coding as trailer', `0\r\nTransfer-Encoding: chunked\r\n\r\n`, TRAILER),
  bad('Host as trailer', `0\r\nHost: evil\r\n\r\n`, TRAILER),
  bad('Connection as trailer', `0\r\nConnection: close\r\n\r\n`, TRAILER),
  bad('X-Forwarded-For as trailer', `0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n`, TRAILER),
  bad('an underscore twin as trailer', `0\r\nContent_Length: 5\r\n\r\n`, TRAILER),
  bad('a request line as trailer', `0\r\n${SMUGGLED}`, TRAILER),
  bad('a trailer without a colon', `0\r\nX\r\n\r\n`, TRAILER),
  bad('a trailer without a name', `0\r\n: y\r\n\r\n`, TRAILER),
  bad('a blank before the colon of a trailer', `0\r\nX : y\r\n\r\n`, TRAILER),
  bad('a folded trailer', `0\r\nX: y\r\n z\r\n\r\n`, TRAILER),
  bad('a trailer that begins with a blank', `0\r\n X: y\r\n\r\n`, TRAILER),
  bad('LF behind a trailer', `0\r\nX: y\n\r\n`, TRAILER),
  bad('CR in a trailer', `0\r\nX: y\rZ: y\r\n\r\n`, TRAILER),
  bad('NUL in a trailer', `0\r\nX: \0\r\n\r\n`, TRAILER),
  bad('trailers without an end', `0\r\n${'X: y\r\n'.repeat(5_000)}`, `${TRAILER}: bounded`),
  cut('cut in a size', '5'),
  cut('cut in the data', '5\r\nhel'),
  cut('cut before the last chunk', '5\r\nhello\r\n'),
  cut('cut before the last line', '5\r\nhello\r\n0\r\n'),
  cut('cut in a trailer', '5\r\nhello\r\n0\r\nX: y\r\n'),
  good('two chunks', `5\r\nhello\r\n1\r\n!\r\n${END}`, 'hello!', SIZE),
  good('no data', END, '', SIZE),
  good(
    'digits in upper and lower case',
    `a\r\n0123456789\r\nA\r\n0123456789\r\n${END}`,
    '01234567890123456789',
    SIZE,
  ),
  good('leading zeros', `0005\r\nhello\r\n000\r\n\r\n`, 'hello', SIZE),
  good('an extension', `5;x\r\nhello\r\n${END}`, 'hello', EXTENSION),
  good('an extension with a value', `5;x=y;z\r\nhello\r\n0;x=y\r\n\r\n`, 'hello', EXTENSION),
  good('a quoted extension', `5;x="0; \t y"\r\nhello\r\n${END}`, 'hello', EXTENSION),
  good('a trailer', `5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n`, 'hello', TRAILER),
  good('data that looks like an end', `d\r\n0\r\n\r\nGET / HT\r\n${END}`, '0\r\n\r\nGET / HT', SIZE),
]
