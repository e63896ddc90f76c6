// test/master/rules-and-world.test.ts: rules that need more than the request, in a running Sluice: passwords, lists of networks,
// shared limits, another service, functions of the operator's.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rules are full of them

import { renameSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { CONTROL, reloadWith } from '../support/control.ts'
import { until } from '../support/processes.ts'
import { startRawNode } from '../support/raw-node.ts'
import { freshDirectory, runSluice, type Sluice, startSluice } from '../support/sluice.ts'
import type { Test } from '../support/tmp.ts'

const SLOW_RIGHT = '$2y$10$abcdefghijklmnopqrstuu1VS0P7v3ZJmd2gzBFIzgfN7OOl6Rl52'
const BASE = 'http = 127.0.0.1:0\nhttp-processes = 1\n'

const MODULE = `
import type { RuleFunction } from 'sluice/rules'
export const decide: RuleFunction = ({ headers, remoteAddress }) =>
  headers.cookie === 'id=1' ? { setHeaders: { 'X-From': remoteAddress } } : { redirect: '/login', status: 303 }
export const hangs = () => { for (;;); }
export const exits = () => process.exit()
`

t.jobs = 2

t.test('what rules ask of the world is answered, and what fails lets nobody in', async t => {
  let authStatus = 204
  const auth = await startRawNode(t, {
    script: async connection => {
      for (;;) {
        await connection.head()
        await connection.send(
          `HTTP/1.1 ${authStatus} X\r\nX-User: ann\r\nLocation: /in\r\nContent-Length: 0\r\n\r\n`,
        )
      }
    },
  })
  const directory = freshDirectory(t, {
    users: `ann:${SLOW_RIGHT}\n`,
    'nets.txt': '# nobody\n192.0.2.0/24\n',
    'rules.ts': MODULE,
  })
  const node = await echo(t)
  const sluice = await start(
    t,
    `${BASE}http-to = http://127.0.0.1:${node}
route = ^/private basicauth:Private,%dusers
route = ^/office allow:@nets.txt
route = ^/asked auth-request:url=http://${auth.address}/auth,copy=X-User,timeout=5s
route = ^/mine js:rules.ts#decide,timeout=2s
route = ^/hangs js:rules.ts#hangs
route = ^/exits js:rules.ts#exits
route = ^/busy max-inflight:max=1
`,
    directory,
  )
  const basic = (password: string) => ({ authorization: `Basic ${btoa(`ann:${password}`)}` })
  t.equal((await get(sluice, '/private')).status, 401)
  t.equal((await get(sluice, '/private', basic('wrong'))).status, 401)
  t.equal((await get(sluice, '/private', basic('right'))).status, 200)

  t.equal((await get(sluice, '/office')).status, 403)
  writeFileSync(join(directory, 'nets.new'), '127.0.0.0/8\n')
  renameSync(join(directory, 'nets.new'), join(directory, 'nets.txt'))
  await until('the list is read again', async () => (await get(sluice, '/office')).status === 200)
  writeFileSync(join(directory, 'nets.txt'), '127.0.0.0/8\nhalf a li')
  await sluice.logged(/is as it was.*/)
  t.equal((await get(sluice, '/office')).status, 200)

  const asked = await get(sluice, '/asked', { 'x-user': 'root' })
  t.equal(asked.status, 200)
  t.match(asked.body, /^x-user: ann$/im)
  t.notMatch(asked.body, /root/)
  authStatus = 302
  t.match(await get(sluice, '/asked'), { status: 302, headers: { location: '/in' } })
  authStatus = 500
  t.equal((await get(sluice, '/asked')).status, 500)
  await auth.stop()
  t.equal((await get(sluice, '/asked')).status, 503)

  t.match(await get(sluice, '/mine'), { status: 303, headers: { location: '/login' } })
  t.match((await get(sluice, '/mine', { cookie: 'id=1' })).body, /^x-from: 127\.0\.0\.1$/im)
  t.equal((await get(sluice, '/hangs')).status, 500)
  t.equal((await get(sluice, '/exits')).status, 500)
  await until('another thread', async () => (await get(sluice, '/mine')).status === 303)

  const first = get(sluice, '/busy/slow')
  await until('it is in hand', async () => (await get(sluice, '/busy')).status === 429)
  t.equal((await first).status, 200)
  t.equal((await get(sluice, '/busy')).status, 200)
})

t.test('a limit is one for all gateways, wherever the requests come', async t => {
  const node = await echo(t)
  const sluice = await start(
    t,
    `http = 127.0.0.1:0\nhttp-processes = 4\nhttp-to = http://127.0.0.1:${node}\nroute-run = limit:rate=40/s,burst=4\n`,
  )
  // One connection: all of it goes to one gateway, whose part is ten a second at first.
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const rateOver = async (ms: number): Promise<number> => {
    const begun = performance.now()
    let passed = 0
    while (performance.now() - begun < ms) if ((await get(sluice, '/', {}, agent)).status === 200) passed++
    return (passed * 1_000) / (performance.now() - begun)
  }
  await until('it has the whole rate', async () => (await rateOver(500)) > 30)
  const rate = await rateOver(1_500)
  t.ok(rate > 34 && rate < 44, `${rate} a second`)
})

t.test(
  'what is wrong with a file that a rule names is told with the place of the rule, and changes nothing',
  async t => {
    const directory = freshDirectory(t, {
      'nets.txt': '10.0.0.0/8\nlocalhost\n',
      'good.ts': MODULE,
      'bad.ts': 'export const a = (',
      'hangs.ts': 'await new Promise(() => {})',
      'throws.ts': 'throw new Error("boom")',
    })
    const rules = [
      'allow:@nets.txt',
      'deny:@none.txt',
      'js:bad.ts#a',
      'js:good.ts#other',
      'js:none.ts#a',
      'js:throws.ts#a',
      'js:hangs.ts#a',
    ]
    const ini = `${BASE}${rules.map(rule => `route-run = ${rule}\n`).join('')}`
    const { code, stderr } = await runSluice(t, { words: ['check'], ini, cwd: directory })
    t.equal(code, 1)
    for (const told of [
      /sluice\.ini:4.*nets\.txt:2: it is neither an address/,
      /sluice\.ini:5.*none\.txt: there is no such file/,
      /sluice\.ini:6.*bad\.ts cannot be loaded/,
      /sluice\.ini:7.*exports no function "other".*decide/s,
      /sluice\.ini:8.*none\.ts: there is no such file/,
      /sluice\.ini:9.*throws\.ts cannot be loaded.*boom/,
      /sluice\.ini:10.*hangs\.ts cannot be loaded/,
    ])
      t.match(stderr, told)
    t.notMatch(stderr, /\n\s+at /)
    const sluice = await start(t, `${BASE}route-run = js:good.ts#decide,timeout=5s\n`, directory)
    t.equal((await get(sluice, '/')).status, 303)
    t.match(await reloadWith(sluice, `${BASE}route-run = js:bad.ts#a\n`), { kind: 'refused' })
    t.equal((await get(sluice, '/')).status, 303)
    writeFileSync(join(directory, 'good.ts'), `export const decide = () => ({ status: 418 })`)
    t.match(await reloadWith(sluice, `${BASE}route-run = js:good.ts#decide,timeout=5s\n`), {
      kind: 'in place',
    })
    t.equal((await get(sluice, '/')).status, 418)
  },
)

/** Answers with the fields it was sent; "/…/slow" after a while. */
async function echo(t: Test): Promise<number> {
  const node = http.createServer(({ url = '', rawHeaders }, response) => {
    const lines = rawHeaders.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\n`)).join('')
    if (url.endsWith('/slow')) setTimeout(() => response.end(lines), 1_000)
    else response.end(lines)
  })
  t.teardown(() => {
    node.closeAllConnections()
    node.close()
  })
  return new Promise(resolve => {
    node.listen(0, '127.0.0.1', () => resolve((node.address() as { port: number }).port))
  })
}

function start(t: Test, ini: string, cwd = freshDirectory(t, {})): Promise<Sluice> {
  return startSluice(t, { ini: `${CONTROL}${ini}`, cwd })
}

interface Got {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

function get(
  sluice: Sluice,
  path: string,
  headers: Record<string, string> = {},
  agent?: http.Agent,
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = http.get(
      new URL(path, sluice.urls[0]),
      { headers, ...(agent ? { agent } : {}) },
      response => {
        let body = ''
        response.setEncoding('latin1')
        response.on('data', (text: string) => {
          body += text
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        )
      },
    )
    request.on('error', reject)
  })
}
