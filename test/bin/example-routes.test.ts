// test/bin/example-routes.test.ts: examples/routes.ini does what its comments promise, but for its ports and its file.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { freePort } from '../support/ports.ts'
import { until } from '../support/processes.ts'
import { runSluice, startSluice } from '../support/sluice.ts'
import { temporaryDirectory } from '../support/tmp.ts'

const EXAMPLES = new URL('../../examples/', import.meta.url)
const example = (name: string): string => readFileSync(new URL(name, EXAMPLES), 'utf8')

t.test('redirects, a canary, passwords, limits and maintenance', async t => {
  const cwd = temporaryDirectory(t)
  const closed = join(cwd, 'closed')
  const ports = [await freePort(), await freePort()]
  const sluice = await startSluice(t, {
    cwd,
    ini: example('routes.ini')
      .replaceAll('8081', String(ports[0]))
      .replaceAll('8082', String(ports[1]))
      .replace('= :8080', '= 127.0.0.1:0')
      .replaceAll('/tmp/sluice-maintenance', closed)
      .replace('127.0.0.0/8', '192.0.2.0/24'),
    args: ['--http-processes=1'], // each looks at the file by itself
    files: { 'quickstart-app.mjs': example('quickstart-app.mjs') },
  })
  const [url] = sluice.urls as [string]
  const ask = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(new URL(path, url), { redirect: 'manual', headers })
  await until('both editions are up', async () => {
    const answers = await Promise.all(
      ['stable', 'canary'].map((_, i) => fetch(`http://127.0.0.1:${ports[i]}/`).catch(() => null)),
    )
    return answers.every(answer => answer?.ok === true)
  })

  const redirect = await ask('/old/page?q=1')
  t.same([redirect.status, redirect.headers.get('location')], [301, '/new/page'])

  const page = await ask('/')
  t.equal(page.status, 200)
  t.equal(page.headers.get('x-content-type-options'), 'nosniff')
  t.equal(page.headers.get('x-served-by'), 'sluice')
  const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? ''
  t.match(cookie, /^edition=/, 'a visitor keeps its edition')
  const process = async (): Promise<string> =>
    /process (\d+)/.exec(await (await ask('/', { cookie })).text())?.[1] ?? ''
  t.equal(new Set([await process(), await process(), await process(), await process()]).size, 1)

  t.equal((await ask('/admin/')).status, 401)
  const authorization = `Basic ${Buffer.from('admin:sluice').toString('base64')}`
  t.equal((await ask('/admin/', { authorization })).status, 404, 'the application has no such page')

  const logins = await Promise.all(Array.from({ length: 25 }, () => ask('/login')))
  t.equal(logins.filter(({ status }) => status === 429).length, 15)
  t.ok(logins.every(({ status, headers }) => status !== 429 || Number(headers.get('retry-after')) > 0))

  await t.rejects(ask('/wp-login.php'), 'closed without an answer')

  writeFileSync(closed, '')
  await until('it is closed', async () => (await ask('/')).status === 503)
  t.equal((await ask('/')).headers.get('retry-after'), '60')
  rmSync(closed)
  await until('it is open again', async () => (await ask('/')).status === 200)
})

t.test('explain tells what its rules do, and check finds nothing wrong', async t => {
  const { code, stderr } = await runSluice(t, { ini: example('routes.ini'), words: ['check'] })
  t.same([code, stderr], [0, ''])
  const explained = await runSluice(t, {
    ini: example('routes.ini'),
    words: ['explain'],
    args: ['GET', 'http://shop.example/old/page'],
  })
  t.match(explained.stdout, /outcome: 301 Moved Permanently\n {2}Location: \/new\/page/)
})
