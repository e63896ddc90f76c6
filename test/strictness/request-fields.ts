// test/strictness/request-fields.ts: fields: their syntax, those that concern one connection only, and those that lie.
import { passes, type RequestCase, refused, request, SMUGGLED } from './case.ts'

const SYNTAX = 'Field syntax'
const HOP = 'Hop by hop'
const FORGED = 'Forged fields'
const GRAMMAR = 'RFC 9112 5: field-line = field-name ":" OWS field-value OWS'
const VALUE = 'RFC 9110 5.5: no CR, LF, NUL or other control'
const NAMED = 'RFC 9110 7.6.1: an end-to-end field that Connection names stays'
const OWN = 'RFC 9110 7.6.1: concerns this connection only'
const TOLD = 'who the client is, we say'

const badField = (name: string, line: string, why: string): RequestCase =>
  refused(SYNTAX, name, why, `GET /x HTTP/1.1\r\nHost: a.test\r\n${line}\r\n\r\n${SMUGGLED}`)
const goodField = (name: string, line: string, always: RegExp): RequestCase =>
  passes(SYNTAX, name, GRAMMAR, request('GET /x', line), ['GET /x'], { always })

const syntax: readonly RequestCase[] = [
  badField('a blank before the colon', 'X : y', 'RFC 9112 5.1'),
  badField('a tab before the colon', 'X\t: y', 'RFC 9112 5.1'),
  badField('no name', ': y', GRAMMAR),
  badField('no colon', 'X y', GRAMMAR),
  badField('a word only', 'X', GRAMMAR),
  badField('NUL in a name', 'X\0: y', GRAMMAR),
  badField('NUL in a value', 'X: y\0z', VALUE),
  badField('a control in a value', 'X: y\x01', VALUE),
  badField('an escape in a value', 'X: \x1b[2J', VALUE),
  badField('DEL in a value', 'X: y\x7f', VALUE),
  badField('letters outside ASCII in a name', '\xc3\xa4: y', GRAMMAR),
  badField('a parenthesis in a name', 'X(y): z', GRAMMAR),
  badField('a slash in a name', 'X/y: z', GRAMMAR),
  badField('a quoted name', '"X": z', GRAMMAR),
  badField('a no-break space in a name', 'X\xa0Y: z', GRAMMAR),
  badField('a tab in a name', 'X\tY: z', GRAMMAR),
  badField('an at sign in a name', 'X@Y: z', GRAMMAR),
  badField('a bracket in a name', 'X[0]: z', GRAMMAR),
  badField('a comma in a name', 'X,Y: z', GRAMMAR),
  badField('a backslash in a name', 'X\\Y: z', GRAMMAR),
  badField('an equals sign for the colon', 'X=y', GRAMMAR),
  badField('a vertical tab in a value', 'X: y\x0bz', VALUE),
  badField('a backspace in a value', 'X: y\bz', VALUE),
  badField('a folded name', 'X\r\n : y', 'RFC 9112 5.2'),
  badField('a folded value, by blanks only', 'X: y\r\n  \t ', 'RFC 9112 5.2'),
  badField('a folded value', 'X: y\r\n z', 'RFC 9112 5.2'),
  badField('a folded value, by a tab', 'X: y\r\n\tz', 'RFC 9112 5.2'),
  badField('a folded empty line', 'X: y\r\n ', 'RFC 9112 5.2'),
  badField('a lone line feed', 'X: y\nZ: y', 'RFC 9112 2.2'),
  badField('a lone carriage return', 'X: y\rZ: y', 'RFC 9112 2.2'),
  badField('a carriage return at the end', 'X: y\r', 'RFC 9112 2.2'),
  badField('two line feeds', 'X: y\n\nGET /smuggled HTTP/1.1\r\nHost: a.test', 'RFC 9112 2.2'),
  badField('two carriage returns', 'X: y\r\rGET /smuggled HTTP/1.1\r\nHost: a.test', 'RFC 9112 2.2'),
  badField('line feed and carriage return', 'X: y\n\rZ: y', 'RFC 9112 2.2'),
  refused(
    SYNTAX,
    'lines that end with line feeds',
    'RFC 9112 2.2',
    `GET /x HTTP/1.1\nHost: a.test\n\n${SMUGGLED}`,
  ),
  refused(
    SYNTAX,
    'lines that end with carriage returns',
    'RFC 9112 2.2',
    `GET /x HTTP/1.1\rHost: a.test\r\r${SMUGGLED}`,
  ),
  refused(
    SYNTAX,
    'a line feed ends the head',
    'RFC 9112 2.2',
    `GET /x HTTP/1.1\r\nHost: a.test\r\n\n${SMUGGLED}`,
  ),
  refused(
    SYNTAX,
    'the first field is folded',
    'RFC 9112 2.2',
    `GET /x HTTP/1.1\r\n X: y\r\nHost: a.test\r\n\r\n${SMUGGLED}`,
  ),
  refused(
    SYNTAX,
    '200 fields',
    'RFC 6585 5',
    request('GET /x', ...Array.from({ length: 200 }, (_, i) => `X-${i}: y`)) + SMUGGLED,
    431,
  ),
  refused(
    SYNTAX,
    'a field of 100 KB',
    'RFC 6585 5',
    request('GET /x', `X: ${'y'.repeat(100_000)}`) + SMUGGLED,
    431,
  ),
  refused(
    SYNTAX,
    'a name of 100 KB',
    'RFC 6585 5',
    request('GET /x', `${'X'.repeat(100_000)}: y`) + SMUGGLED,
    431,
  ),
  goodField('an empty value', 'X:', /^X:[ \t]*\r$/m),
  goodField('tabs around a value', 'X:\t \ty\t ', /^X:[ \t]*y[ \t]*\r$/m),
  goodField('a tab in a value', 'X: y\tz', /^X: y\tz\r$/m),
  goodField('a value that is no UTF-8', 'X: \xff\xfe', /^X: \xff\xfe\r$/m),
  goodField('letters outside ASCII in a value', 'X: \xc3\xa4', /^X: \xc3\xa4\r$/m),
  goodField('a colon in a value', 'X: y: z', /^X: y: z\r$/m),
  goodField('every letter of a name', "!#$%&'*+-.^_`|~9aZ: y", /^!#\$%&'\*\+-\.\^_`\|~9aZ: y\r$/m),
  goodField('the same name twice', 'X: y\r\nX: z', /X: y[\s\S]*z/),
]

const named = (field: string, always: RegExp): RequestCase => {
  const [name = ''] = field.split(':')
  return passes(
    HOP,
    `Connection names ${name}`,
    NAMED,
    request('GET /x', `Connection: ${name}`, field),
    ['GET /x'],
    { always },
  )
}
const dropped = (name: string, never: RegExp, ...fields: string[]): RequestCase =>
  passes(HOP, name, OWN, request('GET /x', ...fields), ['GET /x'], { never })

const hops: readonly RequestCase[] = [
  passes(
    HOP,
    'Connection names the length',
    NAMED,
    `${request('POST /x', 'Connection: Content-Length', 'Content-Length: 5')}hello${request('GET /y')}`,
    ['POST /x hello', 'GET /y'],
  ),
  passes(
    HOP,
    'Connection names the length in a list',
    NAMED,
    `${request('POST /x', 'Connection: keep-alive, content-length', `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}${request('GET /y')}`,
    [`POST /x ${SMUGGLED}`, 'GET /y'],
  ),
  passes(
    HOP,
    'Connection names the coding',
    NAMED,
    `${request('POST /x', 'Connection: Transfer-Encoding', 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n${request('GET /y')}`,
    ['POST /x hello', 'GET /y'],
  ),
  passes(
    HOP,
    'Connection names Host',
    NAMED,
    request('GET /x', 'Connection: Host', 'Host: a.test'),
    ['GET /x'],
    { always: /^host: a\.test\r$/im },
  ),
  named('Cookie: a=1', /^cookie: a=1\r$/im),
  passes(
    HOP,
    'names that hash like those of the connection',
    'only the name itself counts',
    request('GET /x', 'connee2ion: close', 'keg2-alive: x', 'w2grade: h2c', 'vcforwarded-for: 1'),
    ['GET /x'],
    { always: /^connee2ion: close\r\nkeg2-alive: x\r\nw2grade: h2c\r\nvcforwarded-for: 1\r$/m },
  ),
  dropped(
    'a field that Connection names, by tabs',
    /x-own/i,
    'Connection:\tX-Own\t,\tkeep-alive',
    'X-Own: 1',
  ),
  dropped(
    'a field that Connection names, twice there',
    /x-own/i,
    'Connection: X-Own',
    'X-Own: 1',
    'X-OWN: 2',
  ),
  dropped('Keep_Alive and Te', /keep.alive: |^(http_)?te:/im, 'Keep_Alive: 5', 'tE: trailers'),
  named('Content-Type: text/x', /^content-type: text\/x\r$/im),
  passes(
    HOP,
    'Connection names X-Forwarded-For',
    NAMED,
    request('GET /x', 'Connection: close, X-Forwarded-For', 'X-Forwarded-For: 6.6.6.6'),
    ['GET /x'],
    { ends: 'closed', never: /6\.6\.6\.6/, always: /^x-forwarded-for: 127\.0\.0\.1\r$/im },
  ),
  passes(
    HOP,
    'Connection names X-Forwarded-Proto',
    NAMED,
    request('GET /x', 'Connection: X-Forwarded-Proto'),
    ['GET /x'],
    { always: /^x-forwarded-proto: http\r$/im },
  ),
  passes(HOP, 'Connection names itself', NAMED, request('GET /x', 'Connection: Connection'), ['GET /x'], {
    never: /connection: connection/i,
  }),
  dropped('a field that Connection names', /x-own/i, 'Connection: X-Own', 'X-Own: 1'),
  dropped(
    'fields that two Connections name',
    /x-(own|other)/i,
    'Connection: X-Own',
    'X-Own: 1',
    'Connection: keep-alive,X-Other',
    'X-Other: 1',
  ),
  dropped('a field that Connection names in another case', /x-own/i, 'Connection: x-oWN', 'X-Own: 1'),
  dropped('Keep-Alive', /keep-alive: /i, 'Keep-Alive: timeout=5'),
  dropped('Proxy-Connection', /proxy.connection/i, 'Proxy-Connection: keep-alive'),
  dropped('Proxy-Authorization', /proxy.authorization/i, 'Proxy-Authorization: Basic eA=='),
  dropped('TE', /^(http_)?te:/im, 'Connection: TE', 'TE: trailers'),
  dropped('Upgrade without Connection', /^(http_)?upgrade:/im, 'Upgrade: websocket'),
  passes(
    HOP,
    'empty list elements',
    'RFC 9110 5.6.1',
    request('GET /x', 'Connection: ,, close ,'),
    ['GET /x'],
    { ends: 'closed', never: /connection: *,/i },
  ),
  passes(
    HOP,
    'close and keep-alive',
    'RFC 9112 9.3: close wins',
    request('GET /x', 'Connection: keep-alive, close'),
    ['GET /x'],
    { ends: 'closed' },
  ),
  passes(HOP, 'close in upper case', 'RFC 9110 7.6.1', request('GET /x', 'Connection: CLOSE'), ['GET /x'], {
    ends: 'closed',
    never: /connection: close/i,
  }),
  refused(
    HOP,
    'a blank inside a name',
    'RFC 9110 7.6.1: connection-option = token',
    request('GET /x', 'Connection: x y') + SMUGGLED,
  ),
  refused(
    HOP,
    'a quoted name',
    'RFC 9110 7.6.1: connection-option = token',
    request('GET /x', 'Connection: "close"') + SMUGGLED,
  ),
  refused(
    HOP,
    'a semicolon',
    'RFC 9110 7.6.1: connection-option = token',
    request('GET /x', 'Connection: close;x') + SMUGGLED,
  ),
]

const forged = (line: string, never = /6\.6\.6\.6/): RequestCase =>
  passes(FORGED, line, TOLD, request('GET /x', line), ['GET /x'], { never })
const twin = (
  name: string,
  fields: readonly string[],
  never: RegExp,
  always: RegExp | null = null,
): RequestCase =>
  passes(FORGED, name, 'CGI spells - and _ alike', request('GET /x', ...fields), ['GET /x'], {
    never,
    always,
  })

const lies: readonly RequestCase[] = [
  forged('X-Forwarded-For: 6.6.6.6'),
  forged('x-forwarded-for: 6.6.6.6, 127.0.0.1'),
  forged('X-Real-IP: 6.6.6.6'),
  forged('Forwarded: for=6.6.6.6;proto=https'),
  forged('X-Forwarded-Proto: https', /https/),
  forged('X-Forwarded-Host: evil.test', /evil/),
  forged('X-Forwarded-Port: 666666', /666666/),
  forged('X-Forwarded-Prefix: /evil', /evil/),
  forged('X-Forwarded-Ssl: on', /forwarded.ssl/i),
  forged('Front-End-Https: on', /front.end.https/i),
  passes(
    FORGED,
    'X-Forwarded-For twice',
    TOLD,
    request('GET /x', 'X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 6.6.6.7'),
    ['GET /x'],
    { never: /6\.6\.6/, always: /^x-forwarded-for: 127\.0\.0\.1\r$/im },
  ),
  passes(
    FORGED,
    'X-Forwarded-For with a line in it',
    'RFC 9110 5.5',
    request('GET /x', 'X-Forwarded-For: 6.6.6.6\t127.0.0.1'),
    ['GET /x'],
    { never: /6\.6\.6\.6/ },
  ),
  passes(
    FORGED,
    'Proxy',
    'CVE-2016-5385 (httpoxy): CGI reads HTTP_PROXY',
    request('GET /x', 'Proxy: http://evil.test'),
    ['GET /x'],
    { never: /evil/ },
  ),
  passes(
    FORGED,
    'PROXY twice',
    'CVE-2016-5385',
    request('GET /x', 'PROXY: http://evil.test', 'proxy: http://evil.test'),
    ['GET /x'],
    { never: /evil/ },
  ),
  ...[
    'Proxy_Authorization: Basic eA==',
    'Proxy_Connection: close',
    'X_Forwarded_Host: evil',
    'X_Forwarded_Port: 666666',
    'X_Forwarded_Ssl: evil',
    'Front_End_Https: evil',
    'HTTP2_Settings: evil',
    'Max_Forwards: 777777',
    'Content_Type: evil/x',
  ].map(line => twin(`${line.split(':')[0]} alone`, [line], new RegExp(`${line.split(': ')[1]}$`, 'm'))),
  twin('X_Forwarded_For', ['X_Forwarded_For: 6.6.6.6'], /6\.6\.6\.6/),
  twin('X-Forwarded_For', ['X-Forwarded_For: 6.6.6.6'], /6\.6\.6\.6/),
  twin('X_Real_IP', ['X_Real_IP: 6.6.6.6'], /6\.6\.6\.6/),
  twin('X_Forwarded_Proto', ['X_Forwarded_Proto: https'], /https/),
  twin(
    'Content_Type beside Content-Type',
    ['Content_Type: evil/x', 'Content-Type: text/x'],
    /evil/,
    /text\/x/,
  ),
  twin('X_User before X-User', ['X_User: evil', 'X-User: me'], /evil/, /X-User: me/),
  twin('X_User behind X-User', ['X-User: me', 'X_User: evil'], /evil/, /X-User: me/),
  twin('x_user in another case', ['X-USER: me', 'x_uSeR: evil'], /evil/, /X-USER: me/),
  twin('X_User between two X-User', ['X-User: me', 'X_User: evil', 'X-User: us'], /evil/, /X-User: me/),
  twin('X-A_B and X_A-B beside X-A-B', ['X-A_B: evil', 'X-A-B: me', 'X_A-B: evil'], /evil/, /X-A-B: me/),
  twin('Upgrade_', ['Connection: Upgrade', 'Up_grade: h2c'], /^upgrade:/im),
]

const variables: readonly RequestCase[] = [
  ...[
    'UWSGI_FILE: /evil',
    'UWSGI_SETENV: a=b',
    'REMOTE_ADDR: 6.6.6.6',
    'Script_Name: /evil',
    'HTTPS: on',
  ].map(line =>
    passes(
      FORGED,
      `a field ${line.split(':')[0]}`,
      'CGI puts HTTP_ before names: it is no variable of the server',
      request('GET /x', line),
      ['GET /x'],
    ),
  ),
]

export const REQUEST_FIELDS: readonly RequestCase[] = [...syntax, ...hops, ...lies, ...variables]
