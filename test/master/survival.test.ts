// test/master/survival.test.ts: processes that die or are killed: who replaces them, and that nobody is left over.
import http from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { childrenOf, gatewayPids, isAlive, until } from '../support/processes.ts'
import { startSluice } from '../support/sluice.ts'
import { readText } from '../support/tmp.ts'

t.test('a gateway killed under load is replaced while the other goes on serving', async t => {
  const sluice = await startSluice(t, 'http = 127.0.0.1:0\nhttp-processes = 2\n')
  const [victim, survivor] = gatewayPids(sluice.pid) as [number, number]
  const load = new Load(sluice.url)
  await until('both serve', () => load.answers > 50)
  process.kill(victim, 'SIGKILL')
  await sluice.logged(/"gateway":\d,"cause":"killed by SIGKILL"/)
  await sluice.logged(/gateway is back/)
  const answersBefore = load.answers
  await until('it goes on', () => load.answers > answersBefore + 50)
  await load.stop()
  const gateways = gatewayPids(sluice.pid)
  t.equal(gateways.length, 2)
  t.ok(gateways.includes(survivor), 'the other is the same process')
  t.notOk(gateways.includes(victim))
  t.ok(load.failures <= Load.CONNECTIONS, `only requests in hand were lost (${load.failures})`)
})

t.test('with all gateways dead, connections wait and are served by the next', async t => {
  const sluice = await startSluice(t, 'http = 127.0.0.1:0\nhttp-processes = 1\n')
  process.kill(gatewayPids(sluice.pid)[0]!, 'SIGKILL')
  await sluice.logged(/gateway died/)
  t.equal((await fetch(sluice.url)).status, 200)
})

t.test('a gateway that dies young again and again is replaced at a slower pace', async t => {
  const sluice = await startSluice(t, 'http = 127.0.0.1:0\nhttp-processes = 1\n')
  for (let deaths = 1; deaths <= 3; deaths++) {
    await until('there is one', () => gatewayPids(sluice.pid).length === 1)
    process.kill(gatewayPids(sluice.pid)[0]!, 'SIGKILL')
    await sluice.logged(new RegExp(`(gateway died.*){${deaths}}`, 's'))
  }
  t.same(
    [...sluice.stderr().matchAll(/"waitMs":(\d+)/g)].map(match => Number(match[1])),
    [0, 100, 200],
  )
})

t.test('after kill -9 of the master nobody is left: no gateway, no daemon, nothing it started', async t => {
  // A daemon that ignores TERM, with a child of its own that does so too.
  const daemon = `trap '' TERM; sleep 1000 & echo $! > child; while :; do sleep 1; done`
  const sluice = await startSluice(
    t,
    `http = 127.0.0.1:0\nhttp-processes = 2\nattach-daemon = ${daemon}\nattach-daemon = exec sleep 1001\n`,
  )
  const childFile = join(sluice.directory, 'child')
  await until('the daemon has a child', () => readText(childFile).endsWith('\n'))
  const everyone = [...childrenOf(sluice.pid), Number(readText(childFile))]
  t.equal(everyone.filter(isAlive).length, 5, 'two gateways, two daemons, a child')
  sluice.kill('SIGKILL')
  await until('all are gone', () => !everyone.some(isAlive))
  t.pass('all are gone')
})

/** Requests one after another on several kept connections. */
class Load {
  static readonly CONNECTIONS = 8
  answers = 0
  failures = 0
  readonly #agent = new http.Agent({ keepAlive: true })
  readonly #loops: Promise<void>[]
  #isOn = true

  constructor(url: string) {
    this.#loops = Array.from({ length: Load.CONNECTIONS }, () => this.#loop(url))
  }

  async stop(): Promise<void> {
    this.#isOn = false
    await Promise.all(this.#loops)
    this.#agent.destroy()
  }

  async #loop(url: string): Promise<void> {
    while (this.#isOn) {
      if (await this.#request(url)) this.answers++
      else this.failures++
    }
  }

  #request(url: string): Promise<boolean> {
    return new Promise(resolve => {
      const request = http.get(url, { agent: this.#agent }, answer => {
        answer
          .resume()
          .on('end', () => resolve(answer.statusCode === 200))
          .on('error', () => resolve(false))
      })
      request.on('error', () => resolve(false))
    })
  }
}
