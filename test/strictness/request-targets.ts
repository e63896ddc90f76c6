// test/strictness/request-targets.ts: whom a request is for: the target, the absolute form, and the Host field's grammar.
import { passes, type RequestCase, refused, request, SMUGGLED } from './case.ts'

const HOST = 'Host'
const TARGET = 'Target'
const ABSOLUTE = 'Absolute form'
const GRAMMAR = 'RFC 9112 3.2: an invalid Host is refused'
const FORM = 'RFC 9112 3.2: no such form'
const SPELLING = 'RFC 3986 3.3, RFC 9112 3.2'

const badHost = (name: string, host: string, why = GRAMMAR): RequestCase =>
  refused(HOST, name, why, `GET /x HTTP/1.1\r\nHost:${host}\r\n\r\n${SMUGGLED}`)
const goodHost = (name: string, host: string): RequestCase =>
  passes(HOST, name, 'RFC 9110 7.2', `GET /x HTTP/1.1\r\nHost:${host}\r\n\r\n`, ['GET /x'])

const hosts: readonly RequestCase[] = [
  ...(
    [
      ['a blank inside', ' a b'],
      ['a slash', ' a.test/b'],
      ['a path that climbs', ' a.test/../b'],
      ['a backslash', ' a.test\\b'],
      ['a question mark', ' a.test?b'],
      ['a number sign', ' a.test#b'],
      ['a user', ' u@a.test'],
      ['a user and a password', ' u:p@a.test'],
      ['a port that is empty', ' a.test:'],
      ['a port that is a word', ' a.test:http'],
      ['a port with a sign', ' a.test:+80'],
      ['a port of 65536', ' a.test:65536'],
      ['a port of six digits', ' a.test:000080'],
      ['a port and a user behind it', ' a.test:80@evil'],
      ['two ports', ' a.test:80:80'],
      ['only a port', ' :80'],
      ['empty', ''],
      ['blanks only', ' \t '],
      ['IPv6 without brackets', ' ::1'],
      ['IPv6 without an end', ' [::1'],
      ['IPv6 with letters behind', ' [::1]x'],
      ['IPv6 and an empty port', ' [::1]:'],
      ['IPv6 with other letters', ' [g::1]'],
      ['IPv6 that is none', ' [:::::]'],
      ['IPv6 of nine groups', ' [1:2:3:4:5:6:7:8:9]'],
      ['IPv6 with a zone', ' [fe80::1%25eth0]'],
      ['empty brackets', ' []'],
      ['a list', ' a.test,b.test'],
      ['a list with a blank', ' a.test, b.test'],
      ['percent encoding', ' a%2etest'],
      ['percent and NUL', ' a.test%00'],
      ['NUL', ' a.test\0'],
      ['a tab inside', ' a\ttest'],
      ['angle brackets', ' <a.test>'],
      ['quotes', ' "a.test"'],
      ['braces', ' {a}'],
      ['a caret', ' a^b'],
      ['a pipe', ' a|b'],
      ['letters outside ASCII', ' \xc3\xa4.test'],
      ['256 letters', ` ${'a'.repeat(256)}`],
      ['folded', '\r\n a.test'],
      ['a whole URL', ' http://a.test'],
    ] as const
  ).map(([name, host]) => badHost(name, host)),
  refused(HOST, 'missing', 'RFC 9112 3.2', `GET /x HTTP/1.1\r\nX: y\r\n\r\n${SMUGGLED}`),
  refused(HOST, 'twice', 'RFC 9112 3.2', `${request('GET /x', 'Host: a.test', 'Host: b.test')}${SMUGGLED}`),
  refused(
    HOST,
    'twice and equal',
    'RFC 9112 3.2',
    `${request('GET /x', 'Host: a.test', 'Host: a.test')}${SMUGGLED}`,
  ),
  refused(
    HOST,
    'twice, one in disguise',
    'RFC 9112 5.1',
    `${request('GET /x', 'Host: a.test', 'Host : b.test')}${SMUGGLED}`,
  ),
  refused(
    HOST,
    'twice in HTTP/1.0',
    'RFC 9112 3.2',
    `${request('GET /x HTTP/1.0', 'Host: a.test', 'Host: b.test')}${SMUGGLED}`,
  ),
  passes(
    HOST,
    'an underscore twin',
    'CGI spells both alike',
    request('GET /x', 'Host: a.test', 'Ho_st: b', 'Host_: c'),
    ['GET /x'],
  ),
  passes(
    HOST,
    'missing in HTTP/1.0',
    'RFC 9112 3.2: only HTTP/1.1 demands it',
    request('GET /x HTTP/1.0'),
    ['GET /x'],
    { ends: 'closed', always: /^host: \S+\r$/im },
  ),
  goodHost('a port', ' a.test:8080'),
  goodHost('upper case', ' A.TEST'),
  goodHost('an address', ' 127.0.0.1:80'),
  goodHost('IPv6', ' [::1]'),
  goodHost('IPv6 and a port', ' [2001:db8::1]:8080'),
  goodHost('an underscore', ' a_b.test'),
  goodHost('a dot at the end', ' a.test.'),
  goodHost('no blank in front', 'a.test'),
]

const badTarget = (name: string, target: string, why = SPELLING, method = 'GET'): RequestCase =>
  refused(TARGET, name, why, `${method} ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n${SMUGGLED}`)
const goodTarget = (name: string, target: string, why = SPELLING, method = 'GET'): RequestCase =>
  passes(TARGET, name, why, request(`${method} ${target}`), [`${method} ${target}`])

const targets: readonly RequestCase[] = [
  badTarget('a fragment', '/x#y'),
  badTarget('a fragment in a query', '/x?y#z'),
  badTarget('a blank', '/x y'),
  badTarget('a tab', '/x\ty'),
  badTarget('a tab instead of the blank behind it', '/x\t'),
  badTarget('NUL', '/x\0y'),
  badTarget('DEL', '/x\x7f'),
  badTarget('letters outside ASCII', '/\xc3\xa4'),
  badTarget('a carriage return', '/x\ry'),
  badTarget('a line feed', '/x\ny'),
  badTarget('a field in it', '/x\r\nX: y'),
  badTarget('a percent alone', '/%'),
  badTarget('a percent with one digit', '/%4'),
  badTarget('a percent with other letters', '/%zz'),
  badTarget('NUL, encoded', '/x%00y', 'no path holds a NUL'),
  badTarget('no slash in front', 'x', FORM),
  badTarget('a question mark in front', '?x', FORM),
  badTarget('a host and a port for a GET', 'a.test:80', FORM),
  badTarget('an asterisk for a GET', '*', FORM),
  badTarget('an asterisk and more', '*/x', FORM, 'OPTIONS'),
  badTarget('empty', '', 'RFC 9112 3'),
  badTarget('another scheme', 'ftp://a.test/x', FORM),
  badTarget('a scheme with one slash', 'http:/a.test/x', FORM),
  badTarget('no authority', 'http:///x', FORM),
  goodTarget('an asterisk', '*', 'RFC 9112 3.2.4', 'OPTIONS'),
  goodTarget('a line end, encoded', '/x%0d%0aX:%20y'),
  goodTarget('two slashes in front', '//evil.test/x'),
  goodTarget('a URL as path', '/http://evil.test/x'),
  goodTarget('a path that climbs', '/a/../b', 'passed as it is: no rule looked at it'),
  goodTarget('a path that climbs, encoded', '/a/%2e%2e/b', 'passed as it is'),
  goodTarget('a slash, encoded', '/a%2fb', 'passed as it is'),
  goodTarget('a semicolon', '/a;x=1/b', 'passed as it is'),
  goodTarget('an empty query', '/x?'),
  goodTarget('two question marks', '/x?y?z'),
]

const badAbsolute = (name: string, url: string, host = 'a.test'): RequestCase =>
  refused(
    ABSOLUTE,
    name,
    'RFC 9112 3.2.2: two readers would choose different hosts',
    `GET ${url} HTTP/1.1\r\nHost: ${host}\r\n\r\n${SMUGGLED}`,
  )
const goodAbsolute = (
  name: string,
  url: string,
  target: string,
  host = 'a.test',
  method = 'GET',
): RequestCase =>
  passes(
    ABSOLUTE,
    name,
    'RFC 9112 3.2.2, 3.2.4',
    request(`${method} ${url}`, `Host: ${host}`),
    [`${method} ${target}`],
    {
      uwsgiSeen: [`${method} ${url}`],
    },
  )

const absolutes: readonly RequestCase[] = [
  badAbsolute('another host', 'http://b.test/x'),
  badAbsolute('a longer host', 'http://a.test.evil/x'),
  badAbsolute('a user', 'http://u@a.test/x'),
  badAbsolute('a host as user', 'http://a.test@b.test/x'),
  badAbsolute('a port that Host has not', 'http://a.test:81/x'),
  badAbsolute('no port where Host has one', 'http://a.test/x', 'a.test:81'),
  badAbsolute('a backslash in the host', 'http://a.test\\b/x'),
  badAbsolute('an encoded host', 'http://a%2etest/x'),
  badAbsolute('an empty port', 'http://a.test:/x'),
  badAbsolute('a fragment', 'http://a.test/x#y'),
  refused(
    ABSOLUTE,
    'without Host',
    'RFC 9112 3.2',
    `GET http://a.test/x HTTP/1.1\r\nX: y\r\n\r\n${SMUGGLED}`,
  ),
  refused(
    ABSOLUTE,
    'with two Hosts',
    'RFC 9112 3.2',
    `GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n\r\n${SMUGGLED}`,
  ),
  goodAbsolute('becomes the origin form', 'http://a.test/x?y', '/x?y'),
  goodAbsolute('in another case', 'HTTP://A.test/x', '/x'),
  goodAbsolute('without a path', 'http://a.test', '/'),
  goodAbsolute('without a path, with a query', 'http://a.test?y', '/?y'),
  goodAbsolute('with a port', 'http://a.test:81/x', '/x', 'a.test:81'),
  goodAbsolute('OPTIONS without a path', 'http://a.test', '*', 'a.test', 'OPTIONS'),
  passes(
    ABSOLUTE,
    'in HTTP/1.0 without Host',
    'RFC 9112 3.2.2',
    request('GET http://a.test/x HTTP/1.0'),
    ['GET /x'],
    {
      ends: 'closed',
      uwsgiSeen: ['GET http://a.test/x'],
      always: /^host: a\.test\r$/im,
    },
  ),
]

export const REQUEST_TARGETS: readonly RequestCase[] = [...hosts, ...targets, ...absolutes]
