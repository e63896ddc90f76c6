// test/master/rules.test.ts: route rules from the lines of a config to the answers of running gateways, and over reloads.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rules are full of them
import { existsSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { CONTROL, reloadWith } from '../support/control.ts'
import { gatewayPids, until } from '../support/processes.ts'
import { freshDirectory, runSluice, type Sluice, startSluice } from '../support/sluice.ts'
import type { Test } from '../support/tmp.ts'

const ONE = `http = 127.0.0.1:0\nhttp-processes = 1\n`

t.jobs = 3

t.test('rules of a config and of a file that it includes decide in the order of the lines', async t => {
  const directory = freshDirectory(t, { 'more.ini': '[sluice]\nroute = ^/a addheader:X-Rule: two\n' })
  const sluice = await start(
    t,
    `${ONE}route = ^/ addheader:X-Rule: one\ninclude = %dmore.ini\nroute-host = ^127 redirect-permanent:http://b\${PATH_INFO}\nroute = ^/ return:403\nadd-header = X-All: yes\n`,
    directory,
  )
  const { status, headers } = await get(sluice, '/a/b')
  t.equal(status, 301)
  t.match(headers, { location: 'http://b/a/b', 'x-all': 'yes', 'x-rule': 'one, two' })
})

t.test('a node that only a rule names is reached by it, and by no host', async t => {
  const node = http.createServer((request, response) =>
    response.end(`${request.url} for ${request.headers.host}`),
  )
  const port = await new Promise<number>(resolve => {
    node.listen(0, '127.0.0.1', () => resolve((node.address() as { port: number }).port))
  })
  t.teardown(() => node.close())
  const sluice = await start(
    t,
    `${ONE}http-to = http://127.0.0.1:9\nroute = ^/api http:127.0.0.1:${port},api.example\n`,
  )
  t.equal((await get(sluice, '/api/x?y')).body, '/api/x?y for api.example')
  t.not((await get(sluice, '/other')).status, 200)
  const key = `rule http://127.0.0.1:${port}`
  const why = await runSluice(t, { args: ['why', key, '--control', 'control.sock'], cwd: sluice.directory })
  t.match(why.stdout, `${key} is served by key ${key}\n`)
  t.match(why.stdout, `http://127.0.0.1:${port} (`)
})

t.test('a reload changes rules in place; the same rules are no change', async t => {
  const sluice = await start(t, `${ONE}route = ^/ return:403\n`)
  t.equal((await get(sluice, '/')).status, 403)
  const pids = gatewayPids(sluice.pid)
  t.match(await reloadWith(sluice, `${ONE}route = ^/ return:404\n`), {
    kind: 'in place',
    changes: ['route: ^/ return:… changed'],
  })
  t.equal((await get(sluice, '/')).status, 404)
  t.match(await reloadWith(sluice, `${ONE}route = ^/ return:404\n`), { kind: 'unchanged' })
  t.match(await reloadWith(sluice, `${ONE}route-run = return:410\nroute = ^/ return:404\n`), {
    kind: 'in place',
  })
  t.equal((await get(sluice, '/')).status, 410)
  t.match(await reloadWith(sluice, `${ONE}route = ^/ return:404\nroute-run = return:410\n`), {
    kind: 'in place',
    changes: ['rules: in another order, or with other files'],
  })
  t.equal((await get(sluice, '/')).status, 404)
  t.match(await reloadWith(sluice, `${ONE}http-to = http://127.0.0.1:9\n`), { kind: 'in place' })
  t.ok((await get(sluice, '/')).status >= 500)
  t.same(gatewayPids(sluice.pid), pids)
})

t.test('rules that fail change nothing: the old ones stay, and all that is wrong is told', async t => {
  const sluice = await start(t, `${ONE}route = ^/ return:403\n`)
  const report = await reloadWith(
    sluice,
    `${ONE}route = ^/a nosuch:\nroute = ^/(b last:\nroute = ^/ goto:END\n`,
  )
  t.match(report, { kind: 'refused' })
  t.match(report.problem, /sluice\.ini:\d+: option "route": route action "nosuch" is unknown/)
  t.match(report.problem, /sluice\.ini:\d+: option "route": .*\^\/\(b/)
  t.match(report.problem, /sluice\.ini:\d+: option "route": no route-label "END"/)
  t.equal((await get(sluice, '/')).status, 403)
})

t.test('a gateway that took the place of one that died has the rules', async t => {
  const sluice = await start(t, `${ONE}route = ^/ return:403\n`)
  const [pid] = gatewayPids(sluice.pid)
  process.kill(pid!, 'SIGKILL')
  await until('another gateway serves', async () => {
    const now = gatewayPids(sluice.pid)
    return now.length === 1 && now[0] !== pid && (await get(sluice, '/')).status === 403
  })
  const { kind } = await reloadWith(sluice, `${ONE}http-processes = 2\nroute = ^/ return:405\n`)
  t.equal(kind, 'new generation')
  for (let i = 0; i < 6; i++) t.equal((await get(sluice, '/')).status, 405)
})

t.test('check says what a start would say of rules, and warns of those that can never run', async t => {
  const check = (ini: string) => runSluice(t, { words: ['check'], ini: `http = 127.0.0.1:0\n${ini}` })
  const wrong = await check('route-run = chdir:/tmp\nroute-if = lord:a last:\n')
  t.equal(wrong.code, 1)
  t.match(
    wrong.stderr,
    /sluice\.ini:3: option "route-run": route action "chdir" needs a worker process and is not available in the gateway/,
  )
  t.match(wrong.stderr, /sluice\.ini:4: option "route-if": route condition "lord"/)
  const doubtful = await check('route-run = last:\nroute = ^/a return:403\n')
  t.equal(doubtful.code, 0)
  t.match(doubtful.stderr, /sluice\.ini:4: warning: option "route": this rule can never run/)
})

function start(t: Test, ini: string, cwd?: string): Promise<Sluice> {
  return startSluice(t, { ini: `${CONTROL}${ini}`, ...(cwd ? { cwd } : {}) })
}

interface Got {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

function get(sluice: Sluice, path: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = http.get(new URL(path, sluice.url), { agent: false }, response => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
    })
    request.on('error', reject)
  })
}

t.test('what is wrong with rules is told with all else that is wrong, in the order of the lines', async t => {
  const cwd = freshDirectory(t, {
    'a.ini': `[sluice]
route = ^/a nosuch:
http = :0
htpt-timeout = 5
response-route-run = nosuch:
http-timeout = soon
route = ^/b js:ends.ts#decide
route-uri =
route = ^/c goto:NOWHERE
`,
    'ends.ts':
      "import { writeFileSync } from 'node:fs'\nwriteFileSync(new URL('ran', import.meta.url), '')\n",
  })
  for (const args of [['check', 'a.ini'], ['a.ini'], ['explain', 'a.ini', 'GET', '/']]) {
    const { code, stderr } = await runSluice(t, { args, cwd })
    t.equal(code, 1)
    const lines = stderr.split('\n').map(line => /a\.ini:(\d+): (?!warning)/.exec(line)?.[1])
    t.same(
      lines.filter(line => line !== undefined),
      ['2', '4', '5', '6', '8', '9'],
      stderr,
    )
  }
  t.notOk(existsSync(join(cwd, 'ran')), 'modules are not run meanwhile')
})

t.test('a rule is not called wrong for a line that could not be read', async t => {
  const ini = 'http = :4080\nbackend = key=shop,address=nowhere\nroute = ^/ http:shop\n'
  const { stderr } = await runSluice(t, { words: ['check'], ini })
  t.match(stderr, 'option "backend"')
  t.notMatch(stderr, 'option "route"')
})

t.test('nor may a rule ask one of our own listeners who gets in', async t => {
  for (const [listener, url, asked] of [
    ['http = :4080', 'http://localhost:4080/auth', 'http://localhost:4080'],
    ['http = 127.0.0.1:80', 'http://127.0.0.1/auth', 'http://127.0.0.1:80'],
    ['http = [::1]:4080', 'http://[::1]:4080/auth', 'http://[::1]:4080'],
    ['http-to-https = :443', 'https://127.0.0.1/auth?u=${REMOTE_ADDR}', 'http://127.0.0.1:443'],
  ]) {
    const ini = `${listener}\nroute = ^/a auth-request:url=${url}\n`
    const { code, stderr } = await runSluice(t, { words: ['check'], ini })
    t.equal(code, 1)
    t.match(stderr, /\.ini:\d+: option "route" asks .* Name the address of the service\./)
    t.match(stderr, `asks ${asked}, where "${listener!.split(' ')[0]}" of this configuration listens`)
  }
  const other = 'http = 127.0.0.1:4080\nroute = ^/a auth-request:url=http://127.0.0.1:4081/\n'
  t.equal((await runSluice(t, { words: ['check'], ini: other })).code, 0)
})

t.test('a rule that leads to one of our own listeners is refused, as a node of http-to is', async t => {
  for (const rule of [
    'route = ^/a http:127.0.0.1:4080',
    'route-upstream = 127.0.0.1:4080\nroute = ^/(.*) http:$1',
  ]) {
    const { code, stderr } = await runSluice(t, { words: ['check'], ini: `http = :4080\n${rule}\n` })
    t.equal(code, 1)
    t.match(stderr, 'sends requests to http://127.0.0.1:4080, where "http" of this configuration listens')
  }
})

t.test('check tells what will let nobody in, and who is believed by nobody', async t => {
  const ini = `${ONE}route = ^/a basicauth:Inside,users\nroute = ^/b basicauth:Inside,there\nroute-header = X-Forwarded-Proto ^http$ redirect:/\n`
  const directory = freshDirectory(t, { there: 'a:b\n' })
  const { code, stderr } = await runSluice(t, { words: ['check'], ini, cwd: directory })
  t.equal(code, 0)
  t.match(
    stderr,
    /sluice\.ini:4: warning: option "route": nobody gets in, as \S+\/users cannot be read: there is no such file\. /,
  )
  t.match(
    stderr,
    /sluice\.ini:6: warning: option "route-header": it asks for X-Forwarded-Proto, .* no trusted-proxy\. /,
  )
  t.equal(stderr.split('\n').length, 3, 'no more')
  const believed = `${ini}trusted-proxy = 10.0.0.0/8\n`
  const again = await runSluice(t, { words: ['check'], ini: believed, cwd: directory })
  t.notMatch(again.stderr, /X-Forwarded/)
})
