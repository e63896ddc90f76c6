// test/master/rules-plan.test.ts: a thread that compiles rules says what compiling them here says, to the last remedy.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rules are full of them
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize } from 'node:v8'
import type { Worker } from 'node:worker_threads'
import t from 'tap'
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { type PlannedRules, planRulesInTurns } from '../../master/rules-plan.ts'
import { manyRules } from '../support/many-rules.ts'
import { type Test, temporaryDirectory } from '../support/tmp.ts'

const FILES: Readonly<Record<string, string>> = {
  'more.ini': '[sluice]\nroute = ^/more/(é+)/→$ redirect:/$1\nroute-if = isfile:/etc/x last:\n',
  nets: '10.0.0.0/8\n2001:db8::/32\n',
  text: '^/from a file',
  'decide.mjs': 'export function decide() { return null }\n',
}

const GOOD = [
  'route-label = start',
  'route-host = ^Shop\\.example$ key:a.example',
  'route = ^/(old|older)/([^/]+)/?$ redirect-permanent:/new/$2',
  'include = more.ini',
  'route-if = regexp:${HTTP_X_A};^(a{1,30})+$ addvar:A=$1',
  'route-if-not = equal:${REMOTE_ADDR};::1 goto:end',
  'route-header = X-A ^b(?=c) set-header:X-B: $0',
  'route-run = allow:@nets',
  'route-run = js:decide.mjs#decide',
  'route = ^/proxy http:127.0.0.1:9',
  'route = (*trusted)^(a|b)\\1$ return:410',
  ...manyRules(20_000, 'both'),
  'route-label = end',
  'error-route-status = 404 addheader:X-E: ${PATH_INFO}',
  'response-route = ^/x addheader:X-R: é',
  'final-route-run = log:${uwsgi[status]}',
  'add-header = X-Frame-Options: DENY',
  'metric = name=hits',
]
const DOUBTFUL = [
  'route-label = nowhere',
  'route = ^/a$ return:410',
  'route = ^/a$ return:404',
  'route-qs = ^/a$ return:404',
  'route = ^/b key:nobody.example',
  'route = a{1,5000}b{1,900} return:404',
  'route-run = last:',
  'route = ^/c return:404',
]
const WRONG = [
  'route = ^/a$',
  'route = (a+)+\\1 return:404',
  'route = ^/ok$ return:404',
  'route-run = nothing:here',
  'route-label = twice',
  'include = more.ini',
  'route = ^/é\\Kx return:404',
  'route-label = twice',
  'route-run = allow:@missing',
  'route-run = http:127.0.0.1:8',
]

function configOf(t: Test, lines: readonly string[]): { config: Config; directory: string } {
  const directory = temporaryDirectory(t)
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(directory, name), text)
  const base = ['http = 127.0.0.1:8', 'http-to = 127.0.0.1:9', 'backend = key=a.example,address=127.0.0.1:7']
  writeFileSync(join(directory, 'a.ini'), ['[sluice]', ...base, ...lines, ''].join('\n'))
  const loaded = loadConfig(['a.ini'], { cwd: directory, env: {}, version: '0' })
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded))
  return { config: loaded.config, directory }
}

const read = ({ plan, ...others }: PlannedRules) => ({
  ...others,
  plan: { ...plan, parts: plan.parts?.map(part => deserialize(part)) ?? null },
})

for (const [behaviour, lines, problems, warnings] of [
  ['rules of every sort', GOOD, 0, 0],
  ['rules that are worth a warning', DOUBTFUL, 0, 5],
  ['rules that are wrong, in the order of their lines', WRONG, 7, 0],
] as const) {
  t.test(behaviour, async t => {
    const { config, directory } = configOf(t, lines)
    const setting = { directory, user: null, isForGateways: true }
    let threads = 0
    const count = (_: Worker) => threads++
    process.on('worker', count)
    t.teardown(() => process.off('worker', count))
    const here = read(await planRulesInTurns(config, setting, Number.POSITIVE_INFINITY))
    t.equal(threads, 0)
    const there = read(await planRulesInTurns(config, setting, 0))
    t.equal(threads, 1)
    t.strictSame(there, here)
    t.equal(here.problems.length, problems, JSON.stringify(here.problems, null, 1))
    t.ok(here.warnings.length >= warnings, JSON.stringify(here.warnings, null, 1))
    t.equal(here.plan.parts === null, problems > 0)
  })
}

t.test('who only checks gets no parts, and the same words', async t => {
  const { config, directory } = configOf(t, GOOD)
  const setting = { directory, user: null, isForGateways: false }
  for (const threadFrom of [0, Number.POSITIVE_INFINITY]) {
    const { plan, problems } = await planRulesInTurns(config, setting, threadFrom)
    t.equal(plan.parts, null)
    t.same(problems, [])
    t.equal(plan.upstreams.length, 1)
    t.equal(plan.netFiles.size, 1)
  }
})
