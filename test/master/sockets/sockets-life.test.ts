// test/master/sockets/sockets-life.test.ts: sockets of a running instance over reloads, as clients see them.
import { lstatSync, unlinkSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { gatewayPids, until } from '../../support/processes.ts'
import { freshDirectory, type Sluice, startSluice } from '../../support/sluice.ts'

/** Writes another config, and resolves once it is in force. */
async function reload(sluice: Sluice, ini: string, done: () => boolean | Promise<boolean>): Promise<void> {
  writeFileSync(join(sluice.directory, 'sluice.ini'), `[sluice]\n${ini}`)
  sluice.kill('SIGHUP')
  await until('the new config is in force', done)
}

function listens(where: net.NetConnectOpts): Promise<boolean> {
  return new Promise(resolve => {
    const socket = net.connect(where)
    const finish = (isConnected: boolean) => {
      socket.destroy()
      resolve(isConnected)
    }
    socket.once('connect', () => finish(true)).once('error', () => finish(false))
  })
}

/** One request on a connection of its own. @returns the status line, or what went wrong */
async function request(port: number): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  try {
    return Buffer.concat(await socket.toArray())
      .toString()
      .split('\r\n', 1)[0]!
  } catch (error) {
    return (error as Error).message
  }
}

/** Requests one after another until told to stop. @returns answers that were not 200, and how many there were */
function steadyRequests(t: Test, port: number): () => Promise<{ bad: string[]; count: number }> {
  let isOn = true
  t.teardown(() => {
    isOn = false
  })
  const result = { bad: [] as string[], count: 0 }
  const run = async () => {
    while (isOn) {
      const line = await request(port)
      result.count++
      if (line !== 'HTTP/1.1 200 OK') result.bad.push(line)
    }
  }
  const clients = Promise.all([run(), run(), run(), run()])
  return async () => {
    await until('the load was one', () => result.count > 50)
    isOn = false
    await clients
    return result
  }
}

t.test('fewer gateways serve all the sockets that there were, and lose no connection', async t => {
  const ini = (gateways: number) =>
    `http = 127.0.0.1:0\nreuse-port = true\nhttp-processes = ${gateways}\nreload-mercy = 1`
  const sluice = await startSluice(t, ini(3))
  const port = Number(new URL(sluice.url).port)
  const first = gatewayPids(sluice.pid)
  t.equal(first.length, 3)
  const stop = steadyRequests(t, port)
  await reload(sluice, ini(2), () => {
    const now = gatewayPids(sluice.pid)
    return now.length === 2 && !now.some(pid => first.includes(pid))
  })
  const lines = await Promise.all(Array.from({ length: 60 }, () => request(port)))
  t.same(new Set(lines), new Set(['HTTP/1.1 200 OK']), 'the kernel gave the third socket its part of these')
  const { bad, count } = await stop()
  t.same(bad, [])
  t.ok(count > 50)
})

t.test('mode of a UNIX socket at the start and after a reload', async t => {
  const path = join(freshDirectory(t), 'x.sock')
  const ini = (mode: string) => `http = ${path}\nhttp-processes = 1\nchmod-socket = ${mode}`
  const modeNow = () => (lstatSync(path).mode & 0o777).toString(8)
  const sluice = await startSluice(t, ini('660'))
  const [gateway] = gatewayPids(sluice.pid)
  t.equal(modeNow(), '660')
  await reload(sluice, ini('606'), () => modeNow() === '606')
  t.same(gatewayPids(sluice.pid), [gateway], 'the same gateway serves on')
})

t.test('a reload puts a removed socket file back', async t => {
  const path = join(freshDirectory(t), 'x.sock')
  const ini = `http = ${path}\nhttp-processes = 1\nreload-mercy = 1`
  const sluice = await startSluice(t, ini)
  unlinkSync(path)
  await reload(sluice, ini, () => listens({ path }))
  await until('the old gateway is gone', () => gatewayPids(sluice.pid).length === 1)
  t.ok(await listens({ path }), 'the end of the old one left the path alone')
})
