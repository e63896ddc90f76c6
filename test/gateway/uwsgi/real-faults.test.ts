// test/gateway/uwsgi/real-faults.test.ts: the real uWSGI in trouble: what the client is told, and that nothing cut looks whole.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { startGateway } from '../../support/gateway.ts'
import { temporaryDirectory } from '../../support/tmp.ts'
import { startUwsgi } from '../../support/uwsgi.ts'
import { ask, dial, readAnswer, requestText } from './http-client.ts'

const TROUBLE = `
import os, signal, time

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/die":
        start_response("200 OK", [("Content-Length", "100")])
        return dying()
    if path == "/hang":
        time.sleep(60)
    if path == "/deny":
        start_response("403 Forbidden", [])
        return [b"denied"]
    start_response("413 Content Too Large", [("Content-Length", "5")])
    return [b"early"]

def dying():
    yield b"0123456789"
    os.kill(os.getpid(), signal.SIGKILL)
`

t.test('an application that fails is a 502, or its own 500', async t => {
  const uwsgi = await startUwsgi(t)
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  const raised = await ask(t, gateway.port, 'GET', '/raise')
  t.match(raised, { status: 502, fields: { 'x-request-id': /./ } })
  const catching = await startUwsgi(t, { args: ['--catch-exceptions'] })
  const other = await startGateway(t, [`uwsgi://${catching.address}`])
  const caught = await ask(t, other.port, 'GET', '/raise')
  t.equal(caught.status, 500)
  t.match(caught.body.toString(), /RuntimeError: asked to fail/)
})

t.test('an answer that ends early is not taken for whole', async t => {
  const uwsgi = await startUwsgi(t)
  const cut = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  await t.rejects(ask(t, cut.port, 'GET', '/cut'), /the peer left after ".*0123456789"/)
  const path = join(temporaryDirectory(t), 'gateway.sock')
  const local = await startGateway(t, [`uwsgi://${uwsgi.address}`], {}, {}, { path })
  await t.rejects(ask(t, path, 'GET', '/cut'), /the peer left after ".*0123456789"/, 'on a UNIX socket')
  t.same([...cut.events, ...local.events], [])
  const trouble = await startUwsgi(t, { app: TROUBLE, args: ['--master'] })
  const killed = await startGateway(t, [`uwsgi://${trouble.address}`])
  await t.rejects(ask(t, killed.port, 'GET', '/die'), /the peer left after ".*0123456789"/)
  t.equal((await ask(t, killed.port, 'GET', '/')).status, 413, 'the next worker serves')
})

t.test('a worker killed for its slowness is a 502', async t => {
  const uwsgi = await startUwsgi(t, { app: TROUBLE, args: ['--master', '--harakiri=1'] })
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  t.equal((await ask(t, gateway.port, 'POST', '/hang')).status, 502)
  t.match(uwsgi.log(), /HARAKIRI/)
})

t.test('no uWSGI is a 503, and its return is noticed', async t => {
  const uwsgi = await startUwsgi(t)
  const path = join(temporaryDirectory(t), 'none.sock')
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  const lost = await startGateway(t, [`uwsgi://${path}`])
  await uwsgi.stop()
  t.equal((await ask(t, gateway.port, 'GET', '/')).status, 503)
  t.equal((await ask(t, lost.port, 'POST', '/', '', 'body')).status, 503)
  await startUwsgi(t, { args: [`--socket=${path}`] })
  t.equal((await ask(t, lost.port, 'POST', '/', '', 'body')).status, 200)
})

t.test('more than uWSGI takes is a 502, unless it was told to take more', async t => {
  const plain = await startUwsgi(t)
  const large = await startUwsgi(t, { args: ['--buffer-size=32768', '--max-vars=200'] })
  const long = `X-A: ${'v'.repeat(5_000)}`
  const many = Array.from({ length: 120 }, (_, i) => `X-${i}: 1`).join('\n')
  for (const [uwsgi, status] of [
    [plain, 502],
    [large, 200],
  ] as const) {
    const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
    t.equal((await ask(t, gateway.port, 'GET', '/', long)).status, status)
    t.equal((await ask(t, gateway.port, 'GET', '/', many)).status, status)
    t.equal((await ask(t, gateway.port, 'GET', '/')).status, 200)
  }
})

for (const listen of ['tcp', 'unix'] as const) {
  t.test(`an answer that comes before the body was read reaches the client, over ${listen}`, async t => {
    const uwsgi = await startUwsgi(t, { listen, app: TROUBLE })
    const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
    for (const [path, text] of [
      ['/early', '413 early'],
      ['/deny', '403 denied'],
    ] as const) {
      for (const size of [10, 1_000, 100_000, 1_000_000, 50_000_000]) {
        for (let i = 0; i < 3; i++)
          t.equal(await upload(t, gateway.port, path, size), text, `${path} ${size}`)
      }
    }
  })
}

// Sends as fast as it is taken until the answer is here. @returns status and body of the answer
async function upload(t: Test, port: number, path: string, size: number): Promise<string> {
  const client = dial(t, port)
  const { socket } = client
  const block = Buffer.alloc(65_536)
  let left = size
  const pump = (): void => {
    while (left > 0 && !socket.destroyed) {
      const piece = Math.min(left, block.length)
      left -= piece
      if (!socket.write(block.subarray(0, piece))) break
    }
  }
  socket.on('drain', pump)
  socket.write(requestText('POST', path, `Content-Length: ${size}`))
  pump()
  const { status, body } = await readAnswer(client)
  client.close()
  return `${status} ${body}`
}
