// test/gateway/http1/forwarding.test.ts: what of a request reaches an http node, byte for byte.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { accessLogPicture, startGateway, type TestGateway } from '../../support/gateway.ts'
import { until } from '../../support/processes.ts'
import { answer, connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { type RawNode, startRawNode } from '../../support/raw-node.ts'
import { temporaryDirectory } from '../../support/tmp.ts'

const OURS = 'X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n'

/** Sends a request and gives the head that the node got. */
async function headAtNode(t: Test, gateway: TestGateway, node: RawNode, text: string): Promise<string> {
  const client = await connectRaw(t, gateway, text)
  const connection = await node.next()
  const head = await connection.head()
  await connection.send(answer('ok'))
  t.equal((await readAnswer(client)).status, 200)
  return head
}

t.test('behind an untrusted client', async t => {
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], { maxIdlePerNode: 0 })
  const at = (t: Test, text: string): Promise<string> => headAtNode(t, gateway, node, text)

  t.test('method, target and fields pass untouched in spelling and order', async t => {
    const text = request(
      'GET /a/%7Eb//c/../d?q=1&r=%20',
      'hOsT: A.test:80',
      'x-one:1',
      'X-Two:   padded  ',
      'X-One: again',
      'Cookie: a=b',
      'X-Umlaut: caf\xe9',
      'X-Empty:',
    )
    t.equal(await at(t, text), text.replace(/\r\n$/, `${OURS}\r\n`))
  })

  t.test('unknown methods pass', async t => {
    t.match(await at(t, request('BREW /pot')), /^BREW \/pot HTTP\/1\.1\r\n/)
  })

  t.test('OPTIONS * passes', async t => {
    t.match(await at(t, request('OPTIONS *')), /^OPTIONS \* HTTP\/1\.1\r\n/)
  })

  t.test("the connection's own fields stay here, and those that Connection names", async t => {
    const text = request(
      'GET /',
      'Connection: close, X-Mine',
      'X-Mine: 1',
      'X-Kept: 1',
      'Keep-Alive: timeout=5',
      'TE: trailers',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic x',
      'Upgrade: foo',
      'X-Last: 1',
    )
    t.equal(await at(t, text), `GET / HTTP/1.1\r\nHost: a.test\r\nX-Kept: 1\r\nX-Last: 1\r\n${OURS}\r\n`)
  })

  t.test('Connection cannot name away what frames or routes a request', async t => {
    const text = request('POST /', 'Connection: close, Content-Length, Host', 'Content-Length: 2')
    t.match(await at(t, `${text}hi`), /Host: a\.test\r\nContent-Length: 2\r\n/)
  })

  t.test('what claims to know the client is dropped in every spelling and said anew', async t => {
    const claims = [
      'Proxy: http://evil/',
      'Forwarded: for=6.6.6.6',
      'X-Forwarded-For: 6.6.6.6',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil',
      'X-Forwarded-Port: 443',
      'X-Forwarded-Prefix: /x',
      'X-Forwarded-Ssl: on',
      'X-Real-IP: 6.6.6.6',
      'Front-End-Https: on',
    ]
    const twins = claims.filter(claim => /-.*:/.test(claim)).map(claim => claim.replaceAll('-', '_'))
    const cased = claims.map(claim => claim.replace(/^[^:]*/, name => name.toUpperCase()))
    t.equal(
      await at(t, request('GET /', ...claims, ...twins, ...cased, 'X-Kept: 1')),
      `GET / HTTP/1.1\r\nHost: a.test\r\nX-Kept: 1\r\n${OURS}\r\n`,
    )
  })

  t.test('an underscore twin of a field that came is dropped', async t => {
    const head = await at(t, request('GET /', 'X-User: good', 'X_User: bad', 'Only_One: 1'))
    t.notMatch(head, 'bad')
    t.match(head, 'X-User: good\r\nOnly_One: 1\r\n')
  })

  t.test('an absolute target becomes its path', async t => {
    t.match(await at(t, request('GET http://a.test/p?q')), /^GET \/p\?q HTTP\/1\.1\r\nHost: a\.test\r\n/)
  })

  t.test('an absolute target without a path becomes /', async t => {
    t.match(await at(t, request('GET http://a.test?q')), /^GET \/\?q HTTP\/1\.1\r\n/)
  })

  t.test('an HTTP/1.0 client needs no Host, and the node gets one', async t => {
    t.equal(await at(t, 'GET /x HTTP/1.0\r\n\r\n'), `GET /x HTTP/1.1\r\nHost: vm\r\n${OURS}\r\n`)
  })

  t.test('Host is kept as sent, with its port', async t => {
    t.match(await at(t, request('GET /', 'Host: B.Test:8080')), 'Host: B.Test:8080\r\n')
  })

  t.test('a head that arrives byte by byte is the same head', async t => {
    const client = await connectRaw(t, gateway)
    const text = request('GET /drip', 'X-One: 1')
    await client.drip(text)
    const connection = await node.next()
    t.equal(await connection.head(), text.replace(/\r\n$/, `${OURS}\r\n`))
    await connection.send(answer('ok'))
    t.equal((await readAnswer(client)).body, 'ok')
  })
})

t.test('behind a trusted proxy', async t => {
  const file = join(temporaryDirectory(t), 'access.log')
  const node = await startRawNode(t)
  const gateway = await startGateway(t, [`http://${node.address}`], {
    maxIdlePerNode: 0,
    trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'],
    accessLog: accessLogPicture(file, 'json'),
  })

  t.test('X-Forwarded-For gets the peer appended; the other claims pass', async t => {
    const head = await headAtNode(
      t,
      gateway,
      node,
      request(
        'GET /chain',
        'X-Forwarded-For: 1.1.1.1, 2.2.2.2',
        'X-Forwarded-For: 10.0.0.7',
        'X-Forwarded-Proto: https',
        'X-Real-IP: 2.2.2.2',
      ),
    )
    t.match(head, 'X-Forwarded-For: 1.1.1.1, 2.2.2.2, 10.0.0.7, 127.0.0.1\r\n')
    t.equal(head.split('X-Forwarded-For').length, 2, 'one field')
    t.match(head, 'X-Forwarded-Proto: https\r\n')
    t.match(head, 'X-Real-IP: 2.2.2.2\r\n')
  })

  t.test('without claims it is told what we know', async t => {
    const head = await headAtNode(t, gateway, node, request('GET /none'))
    t.equal(head, `GET /none HTTP/1.1\r\nHost: a.test\r\n${OURS}\r\n`)
  })

  t.test('underscore spellings are dropped even then', async t => {
    const head = await headAtNode(t, gateway, node, request('GET /twin', 'X_Forwarded_For: 6.6.6.6'))
    t.notMatch(head, '6.6.6.6')
  })

  t.test('the client in the log is the rightmost untrusted entry', async t => {
    await until('the log has every line', () => readFileSync(file, 'utf8').split('\n').length === 4)
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    const clients = lines.map(line => [JSON.parse(line).target, JSON.parse(line).client])
    t.strictSame(clients, [
      ['/chain', '2.2.2.2'],
      ['/none', '127.0.0.1'],
      ['/twin', '127.0.0.1'],
    ])
  })
})

t.test('a UNIX client is trusted by the word "unix" only', async t => {
  for (const trustedProxies of [[], ['unix']]) {
    const path = join(temporaryDirectory(t), 'gateway.sock')
    const node = await startRawNode(t)
    const gateway = await startGateway(t, [`http://${node.address}`], { trustedProxies }, {}, { path })
    t.ok(gateway)
    const client = await connectRaw(t, { path }, request('GET /', 'X-Forwarded-For: 1.1.1.1'))
    const connection = await node.next()
    const isTrusted = trustedProxies.length > 0
    t.match(await connection.head(), `X-Forwarded-For: ${isTrusted ? '1.1.1.1, ' : ''}unknown\r\n`)
    await connection.send(answer('ok'))
    t.equal((await readAnswer(client)).body, 'ok')
  }
})
