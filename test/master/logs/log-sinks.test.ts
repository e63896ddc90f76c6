// test/master/logs/log-sinks.test.ts: log lines over the network: what arrives, and what becomes of a receiver that is away.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { hostname } from 'node:os'
import t, { type Test } from 'tap'
import type { LogTarget } from '../../../master/logs/log-plan.ts'
import { Logs } from '../../../master/logs/logs.ts'
import { TcpSink } from '../../../master/logs/tcp-sink.ts'
import { UdpSink } from '../../../master/logs/udp-sink.ts'
import { plainLogPlan } from '../../support/log-plan.ts'
import { until } from '../../support/processes.ts'

const HOST = hostname().split('.')[0]!
const HEADER = String.raw`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ${HOST}`
const plain = (line: string) => line

t.test('syslog over UDP: a datagram per line, with the header of RFC 3164', async t => {
  const { port, got } = await udpListener(t)
  const logs = new Logs(
    plainLogPlan({
      events: [rsyslog('udp', port, 'edge', 134)],
      lines: [rsyslog('udp', port, 'sluice', 29)],
      form: 'human',
    }),
  )
  logs.events.warn({ file: 'a\x1b[2J' }, 'something')
  logs.gatewayOutput('first\nsecond caf\xc3\xa9\n')
  logs.childErrors(`${'x'.repeat(10_000)}\n`)
  await until('all came', () => got.length === 4)
  await logs.close()
  const find = (part: string) => got.find(text => text.includes(part)) ?? ''
  t.match(
    find('something'),
    new RegExp(`^<134>${HEADER} edge: \\d\\d:\\d\\d:\\d\\d warn {2}something  file=a\\\\u001b\\[2J$`),
  )
  t.match(find('first'), new RegExp(`^<29>${HEADER} sluice: first$`))
  t.match(find('second'), new RegExp(`^<29>${HEADER} sluice: second café$`))
  t.match(find('xxx'), new RegExp(`^<134>${HEADER} edge: x{8192}$`), 'longer than receivers take: cut')
})

t.test('socket: the plain line with its line feed, by name and over IPv6 too', async t => {
  for (const [host, address] of [
    ['localhost', '127.0.0.1'],
    ['::1', '::1'],
  ] as const) {
    const { port, got } = await udpListener(t, address)
    const logs = new Logs(plainLogPlan({ lines: [{ kind: 'socket', host, port }] }))
    logs.gatewayOutput('a line\n')
    await until('it came', () => got.length === 1)
    t.strictSame(got, ['a line\n'])
    await logs.close()
  }
})

t.test('UDP to nobody, and to a name that does not exist: counted and told, and nothing fails', async t => {
  const { port, socket } = await udpListener(t)
  socket.close()
  const told: string[] = []
  const sink = new UdpSink({ host: '127.0.0.1', port, frame: plain, onTrouble: text => told.push(text) })
  await until('a refusal came back', () => {
    sink.write('to nobody\n')
    return sink.dropped > 0
  })
  t.match(
    told[0],
    new RegExp(`^log to 127\\.0\\.0\\.1:${port} \\(UDP\\): it cannot be reached .*; \\d+ lines? w`),
  )
  await sink.close()
  const lost = new UdpSink({ host: 'no.such.name.invalid', port: 1, frame: plain, onTrouble: () => {} })
  lost.write('a\nb\n')
  await until('both are lost', () => lost.dropped === 2)
  await lost.close()
})

t.test('a UDP receiver that comes back gets lines again', async t => {
  const first = await udpListener(t)
  const { port } = first
  const sink = new UdpSink({ host: '127.0.0.1', port, frame: plain, onTrouble: () => {} })
  sink.write('one\n')
  await until('it came', () => first.got.length === 1)
  first.socket.close()
  await once(first.socket, 'close')
  sink.write('nobody hears\n')
  const second = await udpListener(t, '127.0.0.1', port)
  await until('lines come again', () => {
    sink.write('two\n')
    return second.got.includes('two')
  })
  await sink.close()
})

t.test('syslog over TCP: a line each, in order, ten thousand of them', async t => {
  const receiver = await tcpListener(t)
  const logs = new Logs(plainLogPlan({ lines: [rsyslog('tcp', receiver.port, 'edge', 134)] }))
  for (let i = 0; i < 10_000; i++) logs.gatewayOutput(`line ${i}\n`)
  await logs.close()
  await until('all came', () => receiver.lines().length === 10_000)
  const lines = receiver.lines()
  t.match(lines[0], new RegExp(`^<134>${HEADER} edge: line 0$`))
  t.ok(
    lines.every((line, i) => line.endsWith(` edge: line ${i}`)),
    'whole and in order',
  )
})

t.test('TCP: what was said while the receiver was away comes when it is back', async t => {
  const receiver = await tcpListener(t)
  const told: string[] = []
  const sink = new TcpSink({
    host: '127.0.0.1',
    port: receiver.port,
    frame: plain,
    onTrouble: text => told.push(text),
  })
  sink.write('before\n')
  await until('it came', () => receiver.lines().length === 1)
  await receiver.stop()
  await until('the loss is noticed', () => told.length > 0)
  t.match(
    told[0],
    /^log to 127\.0\.0\.1:\d+ \(TCP\): it was closed by the other side; 0 lines were lost so far$/,
  )
  for (let i = 0; i < 100; i++) sink.write(`while away ${i}\n`)
  const again = await tcpListener(t, receiver.port)
  await until('all came', () => again.lines().length === 100)
  t.equal(again.lines()[99], 'while away 99')
  t.equal(sink.dropped, 0)
  await sink.close()
})

t.test('TCP: memory is bounded while the receiver is away; what is lost is counted and told', async t => {
  const { port, stop } = await tcpListener(t)
  await stop()
  const told: string[] = []
  const sink = new TcpSink({ host: '127.0.0.1', port, frame: plain, onTrouble: text => told.push(text) })
  for (let i = 0; i < 6000; i++) sink.write(`${'x'.repeat(999)}\n`)
  t.equal(sink.dropped, 6000 - Math.floor((4 * 1024 * 1024) / 1000))
  t.notOk(sink.isFull, 'nobody waits for it')
  await sink.close()
  t.equal(sink.dropped, 6000, 'at the end what still waits is lost, too')
  t.match(told.at(-1), /6000 lines were lost so far/)
})

function rsyslog(transport: 'udp' | 'tcp', port: number, ident: string, priority: number): LogTarget {
  return { kind: 'rsyslog', transport, host: '127.0.0.1', port, ident, priority }
}

async function udpListener(t: Test, address = '127.0.0.1', port = 0) {
  const got: string[] = []
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  socket.on('message', message => void got.push(message.toString()))
  socket.bind(port, address)
  await once(socket, 'listening')
  let isOpen = true
  socket.once('close', () => {
    isOpen = false
  })
  t.teardown(() => isOpen && socket.close())
  return { port: socket.address().port, got, socket }
}

async function tcpListener(t: Test, port = 0) {
  let text = ''
  const sockets: Socket[] = []
  const server: Server = createServer(socket => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.setEncoding('utf8').on('data', (data: string) => {
      text += data
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const stop = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.end()
    await closed
  }
  t.teardown(stop)
  return {
    port: (server.address() as AddressInfo).port,
    lines: () => text.split('\n').slice(0, -1),
    stop,
  }
}
