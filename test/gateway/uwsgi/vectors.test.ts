// test/gateway/uwsgi/vectors.test.ts: what uWSGI's own http router sends for fifty requests, a node behind Sluice gets
// too, byte for byte, but for the fixes named here.
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import type { Picture } from '../../../base/picture.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { RawConnection, type RawNode, startRawNode } from '../../support/raw-node.ts'
import { decodePacket, type UwsgiPacket } from '../../support/uwsgi-packet.ts'

type Vars = readonly (readonly [name: string, value: string])[]

interface Case {
  readonly name: string
  readonly request: string
  readonly backend: {
    modifier1: number
    modifier2: number
    vars: Vars
    body: string
    packet_hex: string
  } | null
}

/** 'same': as in the file. A number: the status that refuses it. A function: the fixed variables of each request. */
type Outcome = 'same' | number | ((vars: Vars) => readonly Vars[])

const AMBIGUOUS = 400

const OUTCOMES: Record<string, Record<string, Outcome>> = {
  default: {
    'get-plain': 'same',
    'get-query': 'same',
    'path-dotdot-root': 'same',
    'path-trailing-dot': 'same',
    'path-trailing-dotdot': 'same',
    'path-dotfile': 'same',
    'path-encoded-dotdot': vars => [set(vars, { PATH_INFO: '/b/c' })], // decoded first, so that it cannot climb
    'path-bad-escapes': AMBIGUOUS,
    'path-nul': AMBIGUOUS,
    'path-fragment': AMBIGUOUS,
    'path-plus': 'same',
    'query-second-question': 'same',
    'options-star': 'same',
    connect: 405,
    'absolute-form': AMBIGUOUS, // it names one host, and Host another
    'no-host-http10': 'same',
    'no-host-http11': AMBIGUOUS,
    'empty-host': AMBIGUOUS,
    'dup-host': AMBIGUOUS,
    'dup-headers-merge': vars => [set(vars, { HTTP_X_DUP: '1, 2' })], // X_Dup cannot pass for X-Dup
    'cookie-dup': vars => [set(vars, { HTTP_COOKIE: 'a=1; b=2' })],
    'header-ows': vars => [set(vars, { HTTP_X_TAB: 'v', HTTP_X_TRAIL: 'v' })],
    'header-fold': AMBIGUOUS,
    'header-space-before-colon': AMBIGUOUS,
    'header-colon-first': AMBIGUOUS,
    'header-no-colon': AMBIGUOUS,
    'header-proxy': vars => [drop(vars, 'HTTP_PROXY', 'HTTP_X_FORWARDED_FOR', 'HTTP_X_FORWARDED_PROTO')],
    'header-hop-by-hop': vars => [
      drop(vars, 'HTTP_CONNECTION', 'HTTP_KEEP_ALIVE', 'HTTP_TE', 'HTTP_UPGRADE', 'HTTP_X_FOO'),
    ],
    'lf-only': AMBIGUOUS,
    'leading-crlf': () => [plainGet('/')], // RFC 9112 section 2.2
    http09: AMBIGUOUS,
    'extra-space-in-request-line': AMBIGUOUS,
    'post-cl': 'same',
    'post-cl-extra': 'same',
    'post-cl-negative': AMBIGUOUS,
    'post-cl-dup-same': AMBIGUOUS,
    'post-chunked': 411, // rather than without its body
    'post-cl-and-chunked': AMBIGUOUS,
    'expect-100': vars => [drop(vars, 'HTTP_EXPECT')],
    pipelined: () => [plainGet('/1'), plainGet('/2')],
  },
  options: {
    get: 'same',
    'get-no-host': AMBIGUOUS,
    'chunked-input': 'same',
    websocket: 'same',
    'expect-ok': vars => [drop(vars, 'HTTP_EXPECT')],
    'expect-too-big': 413,
    // The PROXY protocol is not spoken yet: its lines are no requests.
    'proxy-v1-tcp4': AMBIGUOUS,
    'proxy-v1-tcp6': AMBIGUOUS,
    'proxy-v1-unknown': AMBIGUOUS,
    'proxy-v2': AMBIGUOUS,
  },
}

const SETTINGS: Record<string, { port: string; changes: Partial<Picture> }> = {
  default: { port: '21332', changes: {} },
  options: {
    port: '21333',
    changes: {
      chunkedInput: true,
      websockets: true,
      manageExpect: 10,
      vars: ['FOO=bar=baz'],
      modifier1: 5,
      modifier2: 6,
      serverNameAsHost: true,
    },
  },
}

const file = new URL('../../vectors/http-router-requests.json', import.meta.url)
const { groups } = JSON.parse(readFileSync(file, 'utf8')) as { groups: { group: string; cases: Case[] }[] }

for (const { group, cases } of groups) {
  t.test(`group ${group}`, async t => {
    const outcomes = OUTCOMES[group]!
    t.same(cases.map(({ name }) => name).sort(), Object.keys(outcomes).sort(), 'each case has its outcome')
    const { port, changes } = SETTINGS[group]!
    const node = await startRawNode(t, { script: answer })
    const gateway = await startGateway(t, [`uwsgi://${node.address}`], changes, { portText: port })
    for (const one of cases) {
      const outcome = outcomes[one.name]!
      const what =
        typeof outcome === 'number' ? `refused with ${outcome}` : outcome === 'same' ? 'same' : 'fixed'
      await t.test(`${one.name}: ${what}`, t => check(t, gateway, node, one, outcome))
    }
  })
}

async function check(
  t: Test,
  gateway: TestGateway,
  node: RawNode,
  one: Case,
  outcome: Outcome,
): Promise<void> {
  const seen = node.connections.length
  const client = new RawConnection(connect(gateway.port, '127.0.0.1'))
  t.teardown(() => client.close())
  await client.send(one.request)
  const port = String(client.socket.localPort)
  if (typeof outcome === 'number') {
    t.match(await client.head(), new RegExp(`^HTTP/1.1 ${outcome} `))
    await client.through('Request id: ')
    t.equal(node.connections.length, seen, 'no node saw it')
    return
  }
  const wanted = outcome === 'same' ? [one.backend!.vars] : outcome(one.backend?.vars ?? [])
  for (const vars of wanted) {
    t.match(await client.through('\r\n\r\nok'), /HTTP\/1.1 200 OK\r\n/)
    const connection = await node.next()
    await connection.gone()
    const bytes = Buffer.from(connection.received, 'latin1')
    const packet = decodePacket(bytes.subarray(0, 4 + bytes.readUInt16LE(1)))
    const { modifier1 = 0, modifier2 = 0, body = '' } = one.backend ?? {}
    t.strictSame(packet.vars, set(vars, { REMOTE_PORT: port }))
    t.equal(hex(packet), encode(modifier1, modifier2, set(vars, { REMOTE_PORT: port })))
    t.equal(bytes.toString('latin1', packet.bytes.length), body, 'the body')
  }
  t.equal(node.connections.length, seen + wanted.length, 'each request came once')
  if (outcome !== 'same') return
  const { modifier1, modifier2, vars, packet_hex } = one.backend!
  t.equal(encode(modifier1, modifier2, vars), packet_hex, 'this test writes packets as uWSGI does')
}

// Reads what the head promises, answers and closes, as a worker does.
async function answer(connection: RawConnection): Promise<void> {
  const packet = await connection.packet()
  await connection.bytes(Number(packet.get('CONTENT_LENGTH') ?? 0))
  if (packet.get('HTTP_TRANSFER_ENCODING') === 'chunked') await connection.through('0\r\n\r\n')
  await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  connection.close()
}

function set(vars: Vars, changes: Readonly<Record<string, string>>): Vars {
  return vars.map(([name, value]) => [name, changes[name] ?? value] as const)
}

function drop(vars: Vars, ...names: string[]): Vars {
  return vars.filter(([name]) => !names.includes(name))
}

function plainGet(path: string): Vars {
  return [
    ['REQUEST_METHOD', 'GET'],
    ['REQUEST_URI', path],
    ['PATH_INFO', path],
    ['QUERY_STRING', ''],
    ['SERVER_PROTOCOL', 'HTTP/1.1'],
    ['SCRIPT_NAME', ''],
    ['SERVER_NAME', 'vm'],
    ['SERVER_PORT', '21332'],
    ['UWSGI_ROUTER', 'http'],
    ['REMOTE_ADDR', '127.0.0.1'],
    ['REMOTE_PORT', ''],
    ['HTTP_HOST', 'a'],
  ]
}

function hex(packet: UwsgiPacket): string {
  return packet.bytes.toString('hex')
}

function encode(modifier1: number, modifier2: number, vars: Vars): string {
  const block = Buffer.concat(
    vars.flat().map(text => Buffer.concat([u16(text.length), Buffer.from(text, 'latin1')])),
  )
  return Buffer.concat([Buffer.of(modifier1), u16(block.length), Buffer.of(modifier2), block]).toString('hex')
}

function u16(value: number): Buffer {
  return Buffer.of(value & 255, value >> 8)
}
