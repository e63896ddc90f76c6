// test/gateway/asks/js-process.test.ts: a gateway whose rules call functions that leak, hang or kill: it serves others meanwhile, and
// nothing stays behind when it ends.
import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { TestGateway } from '../../support/gateway.ts'
import { childrenOf, isAlive, until } from '../../support/processes.ts'
import { connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { startRuled } from '../../support/ruled-gateway.ts'
import { temporaryDirectory } from '../../support/tmp.ts'

const MODULE = `
import { writeFileSync } from 'node:fs'
const kept: unknown[] = []
export const fine = () => ({ status: 418 })
export const entries = () => { const m = new Map(); for (let i = 0; ; i++) m.set(i, {}) }
export const arrays = () => { const a: unknown[] = []; for (;;) a.push(new Array(1000).fill({})) }
export const buffers = () => { const a: Buffer[] = []; for (;;) a.push(Buffer.alloc(1e6)) }
export const pages = () => { for (;;) kept.push(Buffer.alloc(1e6, 1)) }
export const hangs = () => { writeFileSync(new URL('hanging', import.meta.url), ''); for (;;); }
export const exits = () => process.exit(0)
export const kills = () => { process.kill(process.pid, 'SIGKILL'); for (;;); }
`

async function setUp(t: Test, rules: Readonly<Record<string, string>>) {
  const directory = temporaryDirectory(t)
  const file = join(directory, 'rules.ts')
  writeFileSync(file, MODULE)
  const lines = Object.entries({ fine: '5s', ...rules }).map(
    ([name, timeout]) => `route = ^/${name} js:${file}#${name},timeout=${timeout}`,
  )
  const gateway = await startRuled(t, [...lines, 'route-run = return:204'], [], { noOrphans: true })
  const ask = async (path: string): Promise<number> => {
    const client = await connectRaw(t, gateway, request(`GET ${path}`))
    const { status } = await readAnswer(client)
    client.socket.destroy()
    return status
  }
  t.equal(await ask('/fine'), 418)
  return { gateway, ask, directory }
}

function moduleOf(gateway: TestGateway): number {
  const [pid] = childrenOf(gateway.process.pid!)
  if (pid === undefined) throw new Error('no process runs the module')
  return pid
}

for (const [name, timeout, cause] of [
  ['entries', '10s', /memory/],
  ['arrays', '200ms', /no decision within 200 ms/],
  ['buffers', '200ms', /no decision within 200 ms|memory/],
  ['pages', '10s', /memory/],
  ['exits', '10s', /exited with code 0/],
  ['kills', '10s', /SIGKILL/],
] as const)
  t.test(`${name}: the gateway answers 500, serves others, and tells of it in a line`, async t => {
    const { gateway, ask } = await setUp(t, { [name]: timeout })
    const pid = moduleOf(gateway)
    let isOver = false
    const failing = ask(`/${name}`).finally(() => {
      isOver = true
    })
    do t.equal(await ask('/other'), 204)
    while (!isOver && isAlive(pid))
    t.equal(await failing, 500)
    await until('its process is gone', () => !isAlive(pid))
    t.equal(await ask('/fine'), 418, 'another one follows')
    const told = gateway.events.filter(({ level }) => level === 'error')
    t.match(told, [{ text: /another one follows/, fields: { cause } }])
    t.equal(told.length, 1)
    t.equal(gateway.events.filter(({ text }) => /says/.test(text)).length, 0, 'nothing of what V8 dumps')
  })

for (const [way, end] of [
  ['is killed', ({ process }: TestGateway) => process.kill('SIGKILL')],
  ['loses its master', ({ process }: TestGateway) => process.disconnect()],
  ['is told to stop', ({ process }: TestGateway) => process.send({ kind: 'stop', graceMs: 100 })],
] as const)
  t.test(`a gateway that ${way} leaves no process behind, whatever hangs there`, async t => {
    const { gateway, ask, directory } = await setUp(t, { hangs: '10s' })
    const pid = moduleOf(gateway)
    ask('/hangs').catch(() => {})
    await until('the function hangs', () => existsSync(join(directory, 'hanging')))
    const exited = once(gateway.process, 'exit')
    end(gateway)
    await exited
    await until('it is gone', () => !isAlive(pid), 5_000)
  })

t.test('signals for the whole group do not end it before its gateway', async t => {
  const { gateway, ask } = await setUp(t, {})
  const pid = moduleOf(gateway)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.kill(pid, signal)
  t.equal(await ask('/fine'), 418)
  t.equal(moduleOf(gateway), pid)
})

t.test('it has none of the sockets of its gateway', async t => {
  const { gateway } = await setUp(t, {})
  const own = socketsOf(gateway.process.pid!)
  t.ok(own.length > 1)
  t.same(
    socketsOf(moduleOf(gateway)).filter(socket => own.includes(socket)),
    [],
  )
})

function socketsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap(fd => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`)
      return target.startsWith('socket:') ? [target] : []
    } catch {
      return [] // closed meanwhile
    }
  })
}
