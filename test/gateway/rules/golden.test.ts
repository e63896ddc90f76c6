// test/gateway/rules/golden.test.ts: the recorded cases of uWSGI's routing (test/vectors/routing.json), each read as a
// configuration and run by one gateway before real nodes. Where we differ on purpose, a case says what is expected instead.
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { BackendPicture } from '../../../base/picture.ts'
import { loadConfig } from '../../../config/load.ts'
import { planRules } from '../../../master/rules-steps.ts'
import { nodePicture, startGateway, type TestGateway } from '../../support/gateway.ts'
import { freePort } from '../../support/ports.ts'
import { connectRaw, readAnswer, request } from '../../support/raw-client.ts'
import { startRawNode } from '../../support/raw-node.ts'
import { temporaryDirectory } from '../../support/tmp.ts'
import { startUwsgi } from '../../support/uwsgi.ts'

interface Expected {
  readonly status?: number
  readonly reason?: string
  readonly headers: Readonly<Record<string, string>>
  readonly headers_absent?: readonly string[]
  readonly body_contains: readonly string[]
  readonly body_exact?: string
  readonly body_gunzip?: string
  /** Not a byte comes. */
  readonly closed?: boolean
  readonly load_error?: boolean
}

interface Case {
  readonly name: string
  readonly ini: readonly string[]
  readonly files: Readonly<Record<string, string>>
  readonly symlinks?: Readonly<Record<string, string>>
  readonly mtime?: number
  readonly request: {
    readonly method: string
    readonly uri: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
  }
  readonly expect: Expected
  readonly fixed_expect?: Expected
}

/** Why a case waits, by what its lines have. */
const LATER: readonly (readonly [RegExp, string])[] = [
  [/^(static|check-static|honour-range|file-serve|mime-file)/m, 'static files come later'],
  [/ (static|file|sendfile|fastfile)(-next)?:/m, 'static files come later'],
  [/^cache2? |:?(cacheset|cachevar|cache|cachestore):/m, 'caches come later'],
  [/ (gzip|toupper|chunked|fixcl):/m, 'transformations of bodies come later'],
]

const CASES = JSON.parse(
  readFileSync(new URL('../../vectors/routing.json', import.meta.url), 'utf8'),
) as readonly Case[]

// Says what it was sent, or what a request tells it to say.
const ECHO = `
def application(env, start):
    fields = [('Content-Type', env.get('HTTP_X_APP_TYPE', 'text/plain'))]
    if 'HTTP_X_APP_HEADER' in env:
        name, value = env['HTTP_X_APP_HEADER'].split(': ', 1)
        fields.append((name, value))
    seen = ''.join('%s=%s\\n' % pair for pair in sorted(env.items()) if isinstance(pair[1], str))
    body = env.get('HTTP_X_APP_BODY', seen).encode('latin-1')
    if 'HTTP_X_APP_CL' in env:
        fields.append(('Content-Length', str(len(body))))
    start(env.get('HTTP_X_APP_STATUS', '200 OK'), fields)
    return [body]
`

interface Site {
  readonly gateway: TestGateway
  readonly places: Readonly<Record<string, string>>
}

async function startSite(t: Test): Promise<Site> {
  const uwsgi = await startUwsgi(t, { app: ECHO })
  const echo = await startRawNode(t, {
    async script(connection) {
      for (;;) {
        const head = await connection.head()
        await connection.send(
          `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${head.length}\r\n\r\n${head}`,
        )
      }
    },
  })
  const gateway = await startGateway(t, [`uwsgi://${uwsgi.address}`])
  return {
    gateway,
    places: { http_echo: echo.address, uwsgi_echo: uwsgi.address, dead: `127.0.0.1:${await freePort()}` },
  }
}

function layOut(t: Test, { files, symlinks = {}, mtime }: Case): string {
  const root = temporaryDirectory(t)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
    if (mtime !== undefined) utimesSync(join(root, name), mtime, mtime)
  }
  for (const [name, target] of Object.entries(symlinks)) symlinkSync(target, join(root, name))
  return root
}

const filled = (text: string, places: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (all, name: string) => places[name] ?? all)

type Compiled = ReturnType<typeof planRules>['plan']

/** @returns null when the configuration is refused */
function compiled(root: string, lines: readonly string[]): Compiled | null {
  const file = join(root, 'case.ini')
  writeFileSync(file, `[uwsgi]\nhttp = :0\nhttp-to = 127.0.0.1:1\n${lines.join('\n')}\n`)
  const loaded = loadConfig([file], { cwd: root, env: {}, version: '0.0.0' })
  if (loaded.kind !== 'config') return null
  const { plan, problems } = planRules(loaded.config, root)
  return problems.length === 0 ? plan : null
}

let lastId = 0

/** Puts the rules of a case in force. */
async function obey({ gateway }: Site, { picture, upstreams }: Compiled): Promise<void> {
  const id = picture === null ? 0 : ++lastId
  const backends: BackendPicture[] = upstreams.map(({ key, address }) => ({
    key,
    nodes: [{ ...nodePicture(address.name), name: `${key} ${address.name}` }],
  }))
  if (picture !== null) gateway.process.send({ kind: 'rules', rules: { ...picture, id } })
  await gateway.apply({ rules: id, backends })
}

async function exchange(t: Test, { gateway }: Site, { request: asked }: Case, places: Site['places']) {
  const { method, uri, headers, body = '' } = asked
  const fields = Object.entries({ Host: 'example.com', ...headers, Connection: 'close' })
  if (body !== '') fields.push(['Content-Length', String(body.length)])
  const head = request(
    `${method} ${uri}`,
    ...fields.map(([name, value]) => `${name}: ${filled(value, places)}`),
  )
  const client = await connectRaw(t, gateway, head + body)
  if (method === 'HEAD') return { client, answer: await readAnswer(client, true) }
  return { client, answer: await readAnswer(client).catch(() => null) }
}

function check(
  t: Test,
  answer: Awaited<ReturnType<typeof readAnswer>>,
  expected: Expected,
  places: Site['places'],
): void {
  const [line = '', ...fields] = answer.head.split('\r\n')
  if (expected.status !== undefined) t.equal(answer.status, expected.status)
  if (expected.reason !== undefined) t.equal(line.split(' ').slice(2).join(' '), expected.reason)
  const valuesOf = (name: string): string[] =>
    fields
      .filter(field => field.toLowerCase().startsWith(`${name.toLowerCase()}:`))
      .map(field => field.slice(name.length + 1).trim())
  for (const [name, value] of Object.entries(expected.headers))
    t.same(valuesOf(name), [filled(value, places)], name)
  for (const name of expected.headers_absent ?? []) t.same(valuesOf(name), [], `no ${name}`)
  for (const part of expected.body_contains)
    t.ok(answer.body.includes(filled(part, places)), `${part} in ${answer.body}`)
  if (expected.body_exact !== undefined) t.equal(answer.body, expected.body_exact)
  if (expected.body_gunzip !== undefined)
    t.equal(gunzipSync(Buffer.from(answer.body, 'latin1')).toString(), expected.body_gunzip)
}

t.test('recorded cases', async t => {
  const site = await startSite(t)
  for (const one of CASES) {
    const text = one.ini.join('\n')
    const later = LATER.find(([pattern]) => pattern.test(text))
    const expected = one.fixed_expect ?? one.expect
    if (later !== undefined && expected.load_error !== true) {
      t.test(one.name, { skip: later[1] }, async () => {})
      continue
    }
    t.test(one.name, async t => {
      const root = layOut(t, one)
      const places = { ...site.places, root }
      const plan = compiled(
        root,
        one.ini.map(line => filled(line, places)),
      )
      if (expected.load_error === true) return t.equal(plan, null, 'is refused')
      if (plan === null) return t.fail('is refused')
      await obey(site, plan)
      const { client, answer } = await exchange(t, site, one, places)
      if (expected.closed === true) return t.equal(client.received, '', 'not a byte')
      if (answer === null) return t.fail('no answer')
      check(t, answer, expected, places)
    })
  }
})
