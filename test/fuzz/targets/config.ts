// test/fuzz/targets/config.ts: whole configuration files, loaded as "sluice check" does it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { problemText } from '../../../config/config.ts'
import { loadConfig } from '../../../config/load.ts'
import { OPTIONS } from '../../../config/table.ts'
import { type Target, wrong } from '../target.ts'

const LOCATED = /^([^\n:]+(:\d+)?|command line): [^\x00-\x1f]+[.?!]$/
const FOLDER = join(tmpdir(), `sluice-fuzz-config-${process.pid}`)
const WORLD = { cwd: FOLDER, env: { HOME: '/root' }, version: '0.1.0' }
/** It would be read to its end. */
const STANDARD_INPUT = /(?:^|[=\s(])-(?::|\)|\s*$)/m
/** Devices, which never end, and what the kernel makes up. */
const SYSTEM = /\/(?:dev|proc|sys)|\.\./
let isMade = false

export const config: Target = {
  name: 'config',
  asserts:
    'a frozen configuration, or problems of one line each with their place and a remedy; never an exception',
  seeds: () =>
    [
      '[sluice]\nhttp = :8080\nhttp-to = http://127.0.0.1:3000\n',
      '[uwsgi]\nmaster = true\nhttp = 127.0.0.1:0\nhttp-to = 127.0.0.1:3031\nprocesses = 4\nhttp-timeout = 90s\nlimit-post = 1m\n',
      '[sluice]\nhttps = :8443,a.pem,a.key\nhttp-to-https = :80,443\nlog-format = %(uri)\nreq-logger = file:/tmp/x\ntrusted-proxy = 10.0.0.0/8, unix\n',
      '[sluice]\nset-ph = p=80\nhttp = :%(p)\ninclude = a.ini\nstrict = false\nunknown = 1\n',
      '[sluice]\nshared-socket = :80\nhttp = =0\nlogger = rsyslog:127.0.0.1:514,x,134\nuid = www-data\n',
    ].map(text => Buffer.from(text)),
  hostile: () => [
    Buffer.from(
      `[sluice]\nhttp = :0\n${Array.from({ length: 500 }, (_, i) => `nothinglike${i} = 1\n`).join('')}`,
    ),
    Buffer.from(`[sluice]\nhttp = :0\n${'trusted-proxy = 10.0.0.0/8,192.0.2.1\n'.repeat(500)}`),
    Buffer.from(`[sluice]\nhttp = :0\nlog-format = ${'%('.repeat(8_000)}\n`),
    Buffer.from(`[sluice]\nhttp = ${'1.'.repeat(8_000)}\nhttp-to = ${'a-'.repeat(8_000)}\n`),
  ],
  dictionary: [
    ...Object.keys(OPTIONS).map(name => `${name} = `),
    '\n',
    '=',
    ' ',
    ':',
    ',',
    '%(',
    '$(',
    ')',
    '[sluice]\n',
    'true',
    'false',
    '0',
    '-1',
    '99999999999',
    '10.0.0.0/33',
    '::/0',
    'unix',
    'http://',
    '@a',
    'fd://3',
    'file:',
    'self-signed',
  ],
  mostBytes: 700,
  check(input) {
    const text = input.toString('latin1')
    if (STANDARD_INPUT.test(text) || SYSTEM.test(text)) return 0
    load(input, problem => {
      if (!LOCATED.test(problem)) wrong('not located, or not one sentence', problem)
    })
    return input.length >> 5
  },
  parse(input) {
    if (!SYSTEM.test(input.toString('latin1')) && !STANDARD_INPUT.test(input.toString('latin1')))
      load(input, () => {})
  },
}

function load(input: Buffer, tell: (problem: string) => void): void {
  if (!isMade) mkdirSync(FOLDER, { recursive: true })
  isMade = true
  writeFileSync(join(FOLDER, 'a.ini'), input)
  const loaded = loadConfig(['a.ini'], WORLD)
  if (loaded.kind === 'command') return
  const { warnings } = loaded.kind === 'config' ? loaded.config : loaded
  for (const warning of warnings) tell(problemText(warning, 'warning'))
  if (loaded.kind === 'config') {
    if (!Object.isFrozen(loaded.config.values)) wrong('not frozen')
    return
  }
  if (loaded.problems.length === 0) wrong('refused without a problem')
  for (const problem of loaded.problems) tell(problemText(problem))
}
