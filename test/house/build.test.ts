// test/house/build.test.ts: what `npm run build` makes can be packed, installed elsewhere, and serves a request.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import t from 'tap'
import { build } from '../tools/build.ts'

const run = promisify(execFile)
const ENV = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` }

// Outside the checkout, so that nothing is found by looking in the folders above.
const dir = mkdtempSync(join(tmpdir(), 'sluice-build-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))
const dist = join(dir, 'dist')
const app = join(dir, 'app')
build(dist)

t.test('the package holds what runs and what is read, and no more', async t => {
  const files = globSync('**/*', { cwd: dist })
  for (const name of ['bin/sluice.js', 'bin/main.js', 'gateway/main.js', 'config/uwsgi-options.json'])
    t.ok(files.includes(name), name)
  for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md', 'examples', 'docs/architecture.md'])
    t.ok(files.includes(name), name)
  t.same(
    files.filter(name => /(?<!^rules\.d)\.ts$|^(test|bench|node_modules)\//.test(name)),
    [],
  )
  const manifest = JSON.parse(readFileSync(join(dist, 'package.json'), 'utf8'))
  t.match(manifest, { name: 'sluice', bin: { sluice: 'bin/sluice.js' }, dependencies: { zod: String } })
  t.ok(files.includes(manifest.exports['./rules'].types.slice(2)), 'the types of functions of rules')
  for (const name of ['scripts', 'devDependencies', 'optionalDependencies']) t.notOk(name in manifest, name)
})

t.test('packed and installed elsewhere, the command serves a request', async t => {
  mkdirSync(app)
  writeFileSync(join(app, 'package.json'), '{"private":true}')
  const packed = await run('npm', ['pack', '--json', '--pack-destination', app], { cwd: dist, env: ENV })
  const tarball = join(app, JSON.parse(packed.stdout)[0].filename)
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball], {
    cwd: app,
    env: ENV,
  })
  const command = join(app, 'node_modules/.bin/sluice')
  t.ok(existsSync(command), 'the command is there')

  const node = createServer((_, response) => response.end('from the node')).listen(0, '127.0.0.1')
  t.teardown(() => node.close())
  await once(node, 'listening')
  const { port } = node.address() as AddressInfo
  const lines = ['[sluice]', 'http = 127.0.0.1:0', `http-to = http://127.0.0.1:${port}`, 'http-processes = 1']
  writeFileSync(join(app, 'edge.ini'), `${lines.join('\n')}\n`)

  const sluice = spawn(command, ['edge.ini'], { cwd: app, env: ENV, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => sluice.kill('SIGKILL'))
  const answer = await fetch(await firstUrl(sluice))
  t.equal(await answer.text(), 'from the node')

  const ended = once(sluice, 'exit')
  sluice.kill('SIGTERM')
  t.same(await ended, [0, null], 'stops clean')
})

async function firstUrl(sluice: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: sluice.stdout! })) {
    const url = /^ *(https?:\/\/\S+)/.exec(line)?.[1]
    if (url !== undefined) return url
  }
  throw new Error('Sluice ended without a URL to open')
}
