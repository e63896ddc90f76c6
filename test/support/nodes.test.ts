// test/support/nodes.test.ts: the nodes that tests rely on do what they say: the real uWSGI and the raw node.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { startRawNode } from './raw-node.ts'
import type { Test } from './tmp.ts'
import { startUwsgi } from './uwsgi.ts'
import { decodePacket } from './uwsgi-packet.ts'

t.test('uWSGI serves the test application over TCP and UNIX sockets', async t => {
  for (const listen of ['tcp', 'unix'] as const) {
    const uwsgi = await startUwsgi(t, { listen })
    const answer = await ask(t, uwsgi.address, '/echo?a=1', 'body')
    t.match(answer, /^HTTP\/1.1 200 OK\r\n/)
    const { vars, length, sha256 } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))
    t.match(vars, { PATH_INFO: '/echo', QUERY_STRING: 'a=1', CONTENT_LENGTH: '4' })
    t.equal(length, 4)
    t.equal(sha256, '230d8358dc8e8890b4c58deeb62912ee2f20357ae92a5cc861b98e68fe31acb5')
    await uwsgi.logged(/GET \/echo\?a=1 => generated/)
  }
})

t.test('the other acts of the test application', async t => {
  const uwsgi = await startUwsgi(t)
  t.match(
    await ask(t, uwsgi.address, '/status?line=418+No+coffee&X-A=b'),
    /^HTTP\/1.1 418 No coffee\r\nX-A: b\r\n\r\n$/,
  )
  t.equal((await ask(t, uwsgi.address, '/sized?bytes=70000')).split('\r\n\r\n')[1]?.length, 70_000)
  t.notMatch(await ask(t, uwsgi.address, '/sized?bytes=7&length=no'), 'Content-Length')
  t.match(await ask(t, uwsgi.address, '/stream?pieces=2'), /\r\n\r\npiece 0\npiece 1\n$/)
  t.match(await ask(t, uwsgi.address, '/early', 'unread'), /413 Content Too Large\r\n.*\r\n\r\nearly$/s)
  t.match(await ask(t, uwsgi.address, '/cut'), /: 100\r\n\r\n0123456789$/)
  t.equal(await ask(t, uwsgi.address, '/raise'), '')
})

t.test('uWSGI with options, and one that cannot start', async t => {
  const cgi = await startUwsgi(t, { args: ['--cgi-mode'] })
  t.match(await ask(t, cgi.address, '/status?line=404+Not+Found'), /^Status: 404 Not Found\r\n/)
  await t.rejects(startUwsgi(t, { app: 'syntax error(' }), /SyntaxError/)
  await cgi.stop()
  await t.rejects(once(connect(Number(cgi.address.split(':')[1]), '127.0.0.1'), 'connect'))
})

t.test('a raw node reads heads, bodies and the end, and sends as told', async t => {
  const node = await startRawNode(t, {
    script: async connection => {
      t.equal(await connection.head(), 'GET /a HTTP/1.1\r\n\r\n')
      await connection.drip('HTTP/1.1 200 OK\r\n')
      t.match(await connection.head(), 'POST /b')
      t.equal((await connection.bytes(4)).toString(), 'body')
      await connection.send('the end')
      t.equal((await connection.rest()).toString(), 'more')
      connection.finish()
    },
  })
  const socket = dial(t, node.address)
  let got = ''
  socket.setEncoding('latin1').on('data', text => {
    got += text
  })
  socket.write('GET /a HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\n\r\nbo')
  socket.write('dy')
  socket.end('more')
  await once(socket, 'end')
  t.equal(got, 'HTTP/1.1 200 OK\r\nthe end')
  const connection = await node.next()
  t.equal(connection.received, 'GET /a HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\n\r\nbodymore')
  t.ok(connection.hasEnded)
})

t.test('a raw node decodes uwsgi packets, over UNIX sockets too', async t => {
  const node = await startRawNode(t, { listen: 'unix' })
  const socket = dial(t, node.address)
  socket.write(Buffer.concat([packet([['REQUEST_METHOD', 'GET']]), Buffer.from('body')]))
  const connection = await node.next()
  const { modifier1, modifier2, vars } = await connection.packet()
  t.strictSame(
    { modifier1, modifier2, vars },
    { modifier1: 0, modifier2: 0, vars: [['REQUEST_METHOD', 'GET']] },
  )
  t.equal((await connection.bytes(4)).toString(), 'body')
})

t.test('packets as uWSGI itself sends them are read', async t => {
  const file = new URL('../vectors/http-router-requests.json', import.meta.url)
  const { groups } = JSON.parse(readFileSync(file, 'utf8'))
  let seen = 0
  for (const { cases } of groups) {
    for (const { backend, name } of cases) {
      if (!backend) continue
      t.strictSame(decodePacket(Buffer.from(backend.packet_hex, 'hex')).vars, backend.vars, name)
      seen++
    }
  }
  t.ok(seen > 20)
})

t.test('a raw node resets, closes, and notices that the peer left', async t => {
  const node = await startRawNode(t, {
    script: async (connection, index) => (index === 0 ? connection.reset() : undefined),
  })
  const first = dial(t, node.address)
  const [error] = await once(first, 'error')
  t.equal(error.code, 'ECONNRESET')

  const second = dial(t, node.address)
  await node.next()
  const connection = await node.next()
  second.end('half a he')
  await t.rejects(connection.head(), { name: 'PeerLeft' })
  connection.close()
  await connection.gone()
  await node.stop()
  await t.rejects(once(dial(t, node.address), 'connect'), { code: 'ECONNREFUSED' })
})

function dial(t: Test, address: string): Socket {
  const colon = address.lastIndexOf(':')
  const socket = address.startsWith('/')
    ? connect(address)
    : connect(Number(address.slice(colon + 1)), '127.0.0.1')
  t.teardown(() => socket.destroy())
  return socket
}

async function ask(t: Test, address: string, target: string, body = ''): Promise<string> {
  const [path = '', query = ''] = target.split('?')
  const socket = dial(t, address)
  let answer = ''
  socket.setEncoding('latin1').on('data', text => {
    answer += text
  })
  socket.write(
    packet([
      ['REQUEST_METHOD', 'GET'],
      ['REQUEST_URI', target],
      ['PATH_INFO', path],
      ['QUERY_STRING', query],
      ['SERVER_PROTOCOL', 'HTTP/1.1'],
      ['CONTENT_LENGTH', String(body.length)],
      ['SERVER_NAME', 'test'],
      ['SERVER_PORT', '80'],
    ]),
  )
  socket.write(body)
  // A node that answers before it has read the body resets what is still to come: the answer stands.
  await once(socket, 'close').catch(error => {
    if (answer === '') throw error
  })
  return answer
}

function packet(vars: [string, string][]): Buffer {
  const texts = vars.flat().map(text => {
    const length = Buffer.alloc(2)
    length.writeUInt16LE(text.length)
    return Buffer.concat([length, Buffer.from(text, 'latin1')])
  })
  const all = Buffer.concat(texts)
  const head = Buffer.from([0, all.length & 255, all.length >> 8, 0])
  return Buffer.concat([head, all])
}
