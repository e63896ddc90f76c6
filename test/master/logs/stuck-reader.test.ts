// test/master/logs/stuck-reader.test.ts: whoever reads our standard output may stop doing so: traffic, reloads and a stop go on.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { ask as askMaster } from '../../../bin/ask.ts'
import { isAlive, until } from '../../support/processes.ts'
import { freshDirectory } from '../../support/sluice.ts'

const COMMAND = new URL('../../../bin/sluice.js', import.meta.url).pathname
const LINES = 2000
const LONG = 'x'.repeat(3000) // more than the pipe and memory on the way will hold
const INI = `[sluice]
http = main.sock
http-processes = 1
http-max-uri = 8000
http-max-head-size = 16000
access-log = -
control-socket = control.sock
reload-mercy = 1
`

t.test('a reader that stands still', async t => {
  const cwd = freshDirectory(t, { 'sluice.ini': INI })
  const env = { ...process.env, RUNTIME_DIRECTORY: cwd, NOTIFY_SOCKET: undefined }
  execFileSync('mkfifo', [join(cwd, 'stdout')])
  const pipe = openSync(join(cwd, 'stdout'), 'r+') // for reading too, which nobody does
  const sluice = spawn(process.execPath, [COMMAND, 'sluice.ini'], {
    cwd,
    env,
    stdio: ['ignore', pipe, 'ignore'],
  })
  closeSync(pipe)
  const reader = openSync(join(cwd, 'stdout'), 'r')
  t.teardown(() => {
    sluice.kill('SIGKILL')
    closeSync(reader)
  })
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
  t.teardown(() => agent.destroy())
  const get = async (path: string) => {
    const request = http.get({ socketPath: join(cwd, 'main.sock'), path, agent })
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.resume()
    await once(response, 'end')
    return response.statusCode
  }
  const control = join(cwd, 'control.sock')
  const states = async () => {
    const said = await askMaster(control, { command: 'status' })
    return said && 'status' in said.answer ? said.answer.status.gateways.length : 0
  }
  await until('it serves', async () => existsSync(join(cwd, 'main.sock')) && (await states()) === 1)
  for (let i = 0; i < LINES; i += 4) await Promise.all([1, 2, 3, 4].map(() => get(`/${LONG}`)))
  for (const replace of [false, true]) {
    const said = await askMaster(control, { command: 'reload', replace })
    t.match(said?.answer, { ok: true, report: { problem: '' } })
    t.equal(await get('/'), 200)
  }
  await until('the old gateway is gone for good', async () => (await states()) === 1)
  const ended = once(sluice, 'exit')
  await askMaster(control, { command: 'stop', now: false })
  await until('it stopped', () => !isAlive(sluice.pid!))
  t.same(await ended, [0, null])
})
