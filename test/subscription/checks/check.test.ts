// test/subscription/checks/check.test.ts: one check of one node: real http servers, the real uWSGI, and nodes that misbehave.
import net from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { NodeEndpoint } from '../../../base/picture.ts'
import { healthCheck } from '../../../config/health-kind.ts'
import { check, hostOfKey, type Subject } from '../../../subscription/checks/check.ts'
import { freePort } from '../../support/ports.ts'
import { temporaryDirectory } from '../../support/tmp.ts'
import { startUwsgi } from '../../support/uwsgi.ts'
import { startHttp, startRaw, tcp } from './nodes.ts'

t.test(
  'an http node is asked for the path, as the host that it serves, on a connection of its own',
  async t => {
    const heads: string[] = []
    const { endpoint } = await startHttp(t, (request, response) => {
      heads.push(`${request.method} ${request.url} ${request.headers.host} ${request.headers.connection}`)
      response.end('fine')
    })
    t.equal(await check(httpNode(endpoint), line('http=/health?deep=1')), null)
    t.equal(await check(httpNode(endpoint), line('http,host=other.example:81')), null)
    t.same(heads, ['GET /health?deep=1 shop.example close', 'GET / other.example:81 close'])
  },
)

for (const [status, said, expected] of [
  [200, '', null],
  [302, '', null],
  [404, '', 'status 404'],
  [500, '', 'status 500'],
  [302, ',status=200', 'status 302'],
  [404, ',status=200-204,status=404', null],
] as const) {
  t.test(`status ${status} with "http=/${said}" is ${expected ?? 'well'}`, async t => {
    const headers = { location: 'http://127.0.0.1:1/' } // nobody follows it
    const { endpoint } = await startHttp(t, (_, response) => void response.writeHead(status, headers).end())
    t.equal(await check(httpNode(endpoint), line(`http=/${said}`)), expected)
  })
}

t.test('an http node on a UNIX socket is asked, too', async t => {
  const path = join(temporaryDirectory(t), 'node.sock')
  await startHttp(t, (_, response) => void response.end(), path)
  t.equal(await check(httpNode({ kind: 'unix', path }), line('http=/')), null)
})

t.test('an answer that never ends, in head or body, costs no more than the time there is', async t => {
  const silent = await startHttp(t, () => {})
  t.equal(await check(httpNode(silent.endpoint), short('http=/')), 'no answer in time')
  const endless = await startHttp(t, (_, response) => void response.write('some'))
  const patient = { ...line('http=/'), timeoutMs: 1_500 } // its status is there long before that
  t.equal(await check(httpNode(endless.endpoint), patient), null, 'its status came')
})

t.test('a large answer is read up to a limit, then cut off', async t => {
  const written = Promise.withResolvers<number>()
  const { endpoint } = await startHttp(t, (_, response) => {
    let bytes = 0
    response.on('close', () => written.resolve(bytes))
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) bytes += 65_536
    }
    response.on('drain', more)
    more()
  })
  t.equal(await check(httpNode(endpoint), line('http=/')), null)
  t.ok((await written.promise) < 50_000_000)
})

t.test('refusal, nonsense and a name without address are failures with a reason', async t => {
  const refused = tcp(await freePort())
  t.equal(await check(httpNode(refused), line('http=/')), 'ECONNREFUSED')
  t.equal(await check(httpNode(refused), line('tcp')), 'ECONNREFUSED')
  t.equal(await check(uwsgiNode(refused), line('uwsgi')), 'ECONNREFUSED')
  const nonsense = await startRaw(t, 'SSH-2.0-x\r\n')
  t.match(await check(httpNode(nonsense), line('http=/')), /does not match the HTTP/)
  const closes = await startHttp(t, request => void request.socket.destroy())
  t.equal(await check(httpNode(closes.endpoint), line('http=/')), 'other side closed')
  t.equal(await check(uwsgiNode(nonsense), line('uwsgi')), 'it is no uwsgi node')
  t.equal(await check(uwsgiNode(nonsense), line('http=/')), 'it did not answer with HTTP')
  t.match(await check({ ...httpNode(refused), endpoint: null }, line('http=/')), /no address/)
})

t.test('of several addresses one that is well is enough', async t => {
  const { port } = (await startHttp(t, (_, response) => void response.end())).endpoint
  const both: NodeEndpoint = { kind: 'tcp', addresses: ['127.0.0.2', '127.0.0.1'], port }
  t.equal(await check(httpNode(both), line('http=/')), null)
})

t.test('a connection is all that tcp asks for', async t => {
  const silent = await startRaw(t, '')
  t.equal(await check(httpNode(silent), line('tcp')), null)
  t.equal(await check(httpNode(silent), line('uwsgi')), null, 'and a ping of an http node')
})

t.test('the real uWSGI answers a ping, and without the plug-in closes, which will do', async t => {
  const pings = await startUwsgi(t, { args: ['--plugin=ping'] })
  t.equal(await check(uwsgiNode(endpointOf(pings.address)), line('uwsgi')), null)
  t.match(await pings.logged(/PING/), ['PING'])
  const bare = await startUwsgi(t, { listen: 'unix' })
  t.equal(await check(uwsgiNode({ kind: 'unix', path: bare.address }), line('uwsgi')), null)
  await bare.logged(/unavailable modifier requested: 100/)
})

t.test('a real uWSGI that hangs fails both kinds of checks', async t => {
  const uwsgi = await startUwsgi(t)
  process.kill(uwsgi.pid, 'SIGSTOP')
  const node = uwsgiNode(endpointOf(uwsgi.address))
  t.equal(await check(node, short('uwsgi')), 'no answer in time')
  t.equal(await check(node, short('http=/')), 'no answer in time')
  process.kill(uwsgi.pid, 'SIGKILL')
})

t.test('a real uWSGI whose queue is full is busy, not unwell, as far as a connect tells', async t => {
  const uwsgi = await startUwsgi(t, { listen: 'unix', args: ['--listen=1'] })
  process.kill(uwsgi.pid, 'SIGSTOP')
  const full = Promise.withResolvers<string | undefined>()
  for (let i = 0; i < 8; i++) {
    const socket = net.connect(uwsgi.address)
    socket.on('error', (error: NodeJS.ErrnoException) => full.resolve(error.code))
    t.teardown(() => socket.destroy())
  }
  t.equal(await full.promise, 'EAGAIN')
  t.equal(await check(uwsgiNode({ kind: 'unix', path: uwsgi.address }), line('tcp')), null)
  process.kill(uwsgi.pid, 'SIGKILL')
})

t.test('the application behind a real uWSGI is asked for a path', async t => {
  const app = `def application(environ, start):
    asked = '%(HTTP_HOST)s %(PATH_INFO)s %(QUERY_STRING)s' % environ
    start('200 OK' if asked == 'shop.example /a b c=1' else '500 No', [])
    return [asked.encode()]`
  const node = uwsgiNode(endpointOf((await startUwsgi(t, { app })).address))
  t.equal(await check(node, line('http=/a%20b?c=1')), null)
  t.equal(await check(node, line('http=/other')), 'status 500')
})

t.test('a key makes a host', async t => {
  t.same(['a.example:81', '.a.example', 'a.example/shop', '[::1]:80'].map(hostOfKey), [
    'a.example:81',
    'a.example',
    'a.example',
    '[::1]:80',
  ])
})

function line(text: string) {
  return healthCheck.schema.parse(text)
}

function short(text: string) {
  return { ...line(text), timeoutMs: 150 }
}

function httpNode(endpoint: NodeEndpoint): Subject {
  return { endpoint, proto: 'http', host: 'shop.example', modifier1: 0, modifier2: 0 }
}

function uwsgiNode(endpoint: NodeEndpoint): Subject {
  return { ...httpNode(endpoint), proto: 'uwsgi' }
}

function endpointOf(address: string): NodeEndpoint {
  return tcp(Number(address.split(':')[1]))
}
