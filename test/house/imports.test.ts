// test/house/imports.test.ts: imports point down: per folder, per process, and from pure files to pure files only.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  filesEndingIn,
  importsIn,
  importsOf,
  loadedFrom,
  pathTo,
  ROOT,
  readSource,
  withoutComments,
} from './source-files.ts'

// The table of docs/architecture.md: what a folder may import besides itself, types included.
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  config: ['base'],
  stats: ['base', 'config'],
  store: ['base', 'config', 'stats'],
  routing: ['base', 'config', 'stats'],
  subscription: ['base', 'config', 'stats', 'store', 'routing'],
  'certs/serve': ['base', 'config'],
  'certs/manage': ['base', 'config', 'stats', 'store', 'certs/serve'],
  gateway: ['base', 'config', 'stats', 'certs/serve', 'routing'],
  workers: ['base', 'config', 'stats'],
  master: [
    'base',
    'config',
    'stats',
    'store',
    'routing',
    'subscription',
    'certs/serve',
    'certs/manage',
    'gateway',
    'workers',
  ],
  bin: [
    'base',
    'config',
    'stats',
    'store',
    'routing',
    'subscription',
    'certs/serve',
    'certs/manage',
    'gateway',
    'workers',
    'master',
  ],
}
// These stand above the product: it never imports them.
const OUTSIDE = ['bench', 'examples', 'test']

const NOT_IN_GATEWAYS = [
  'store/',
  'subscription/',
  'certs/manage/',
  'workers/',
  'master/',
  'bin/',
  'config/options/',
  'config/load.ts',
  'config/table.ts',
  'config/uwsgi-options.json',
  'zod',
  'ioredis',
  '@peculiar/x509',
  'undici',
  'http-proxy',
  'node:http',
  'node:https',
  'node:cluster',
]

// What may never be loaded in a process, however indirectly: a folder, a file or a package.
const NOT_LOADED: Readonly<Record<string, readonly string[]>> = {
  // Without route rules it does not wait for what runs them, nor for what they need.
  'gateway/main.ts': [
    ...NOT_IN_GATEWAYS,
    'gateway/rules/',
    'gateway/asks/',
    'routing/rules/',
    'routing/limit/',
    'routing/nets/',
    'bcryptjs',
    'ipaddr.js',
    // A listener with TLS, or a sticky cookie, has them loaded.
    'node:tls',
    'node:crypto',
  ],
  'gateway/rules/rulebook.ts': NOT_IN_GATEWAYS,
  // A master starts gateways and workers by file name.
  'bin/main.ts': ['gateway/', 'http-proxy', 'node:cluster'],
  // It runs beside an application, often many times on one machine: it starts at once, and stays small.
  'bin/subscribe.ts': [
    'gateway/',
    'master/',
    'routing/',
    'stats/',
    'store/',
    'certs/',
    'config/load.ts',
    'config/table.ts',
    'config/options/',
    'config/kinds.ts',
    'config/uwsgi-options.json',
    'zod',
    'pino',
    'ioredis',
    '@peculiar/x509',
  ],
}

// Loaded only once there is need, so that processes without it stay as they are: where, and what.
const LAZY: readonly (readonly [file: string, target: string])[] = [
  // A gateway is told of route rules.
  ['gateway/rule-code.ts', 'gateway/rules/rulebook.ts'],
  // A rule lets another service decide (auth-request), and it is asked by HTTP.
  ['gateway/asks/auth-client.ts', 'undici'],
]
// Load what the operator names, in a thread or process of its own.
const COMPUTED = ['gateway/asks/js-worker.ts']

// Files that decide from what they are given: the same input, the same answer, whatever the time and the machine.
const PURE = [
  /^base\//,
  /^config\/(ini|config|route-families|route-lines)\.ts$/,
  /^gateway\/http1\/(?!connection|hold|relay)/,
  /^gateway\/uwsgi\//,
  /^routing\//,
  /^gateway\/asks\/hashes\//,
  /^subscription\/(?!sockets|public-keys|state-file|resubscriber|table-feed|dispatch|first-connect|connect\b|checks\/(?!tally)|client\/(?:announcer|probe|sender|watch))/,
  /^config\/announce-line\.ts$/,
]
// Parts of Node that touch nothing outside.
const PURE_NODE: Readonly<Record<string, readonly string[]>> = {
  'node:net': ['isIP', 'isIPv4', 'isIPv6', 'BlockList'],
  'node:buffer': ['Buffer'],
  // Nothing but arithmetic on what it is given; a signature by an EC key has chance in it.
  'node:crypto': [
    'createHash',
    'createPrivateKey',
    'createPublicKey',
    'sign',
    'timingSafeEqual',
    'verify',
    'type KeyObject',
  ],
  // Makes a flag of regular expressions known, and changes none that lacks it.
  'node:v8': ['setFlagsFromString'],
}
const PURE_PACKAGES = ['bcryptjs', 'ipaddr.js']
const IMPURE_WORDS =
  /\b(setTimeout|setInterval|setImmediate|Date\.now|performance\.now|Math\.random|process\.\w+)\b/g

const SAMPLES = 'test/house/imports.test.ts' // its texts with imports are no imports
const sources = filesEndingIn('.ts', '.js').filter(file => file.includes('/'))
const product = sources.filter(file => !OUTSIDE.includes(folderOf(file)) && !file.startsWith('docs/'))

t.test('every folder with sources has its place in the table', async t => {
  const unknown = product.filter(file => MAY_IMPORT[folderOf(file)] === undefined)
  t.same(unknown, [])
})

t.test('no import points to a folder above', async t => {
  const wrong = product.flatMap(file =>
    importsOf(file)
      .filter(({ isOurs, target }) => isOurs && !isAllowed(folderOf(file), folderOf(target)))
      .map(({ target }) => `${file} imports ${target}`),
  )
  t.same(wrong, [])
})

t.test('every import of ours leads to a file, by a name that can be read here', async t => {
  const wrong = sources
    .filter(file => file !== SAMPLES)
    .flatMap(file =>
      importsOf(file)
        .filter(
          ({ isOurs, target }) =>
            (target === '(computed)' && !COMPUTED.includes(file)) ||
            (isOurs && !existsSync(join(ROOT, target))),
        )
        .map(({ target }) => `${file} imports ${target}`),
    )
  t.same(wrong, [])
})

for (const [entry, forbidden] of Object.entries(NOT_LOADED)) {
  t.test(`${entry} never loads what its process must not hold`, async t => {
    t.ok(existsSync(join(ROOT, entry)), 'the entry exists')
    const loader = loadedFrom(entry, LAZY)
    const wrong = [...loader.keys()].filter(target => forbidden.some(name => isWithin(target, name)))
    t.same(
      wrong.map(target => pathTo(target, loader)),
      [],
    )
  })
}

t.test('the product loads only packages that are its dependencies', async t => {
  const declared = Object.keys(JSON.parse(readSource('package.json')).dependencies)
  const wrong = product.flatMap(file =>
    importsOf(file)
      .filter(({ isOurs, target }) => !isOurs && !target.startsWith('node:') && !declared.includes(target))
      .filter(({ target }) => target !== '(computed)' && !(file === 'bin/sluice.js' && target === 'net'))
      .map(({ target }) => `${file} imports ${target}`),
  )
  t.same(wrong, [])
})

t.test('pure files load pure files only, and read no clock', async t => {
  const wrong = product.filter(isPure).flatMap(file => [
    ...importsOf(file)
      .filter(one => one.isLoaded && !isPureImport(one.target, one.isOurs, one.names))
      .map(({ target }) => `${file} loads ${target}`),
    ...[...withoutComments(readSource(file)).matchAll(IMPURE_WORDS)].map(([word]) => `${file} uses ${word}`),
  ])
  t.same(wrong, [])
})

t.test('no files load each other in a circle', async t => {
  const circles = product.flatMap(file =>
    importsOf(file)
      .filter(({ isOurs, isLoaded, target }) => isOurs && isLoaded && loadedFrom(target).has(file))
      .map(({ target }) => `${file} and ${target}`),
  )
  t.same(circles, [])
})

t.test('no folder has an index.ts', async t => {
  t.same(
    sources.filter(file => /(^|\/)index\.[jt]s$/.test(file)),
    [],
  )
})

t.test('top folders are those of the architecture', async t => {
  const known = new Set([...Object.keys(MAY_IMPORT).map(name => name.split('/')[0]), ...OUTSIDE, 'docs'])
  const folders = readdirSync(ROOT, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
  t.same(
    folders.filter(name => !known.has(name) && !['node_modules', 'dist', 'state'].includes(name)),
    [],
  )
})

for (const [form, source, target, isLoaded] of [
  ['a plain import', `import { a } from '../base/a.ts'`, 'base/a.ts', true],
  ['an import over several lines', `import {\n  a,\n  type B,\n} from '../base/a.ts'`, 'base/a.ts', true],
  ['an import for its effect', `import './a.ts'`, 'gateway/a.ts', true],
  ['a type', `import type { A } from './a.ts'`, 'gateway/a.ts', false],
  ['a default called type', `import type from 'a'`, 'a', true],
  ['types by name only, which still load', `import { type A } from './a.ts'`, 'gateway/a.ts', true],
  ['a default and names', `import a, { b } from 'a'`, 'a', true],
  ['a type called as a word', `import type A from 'a'`, 'a', false],
  ['a star', `import * as all from '@scope/name/deep.js'`, '@scope/name', true],
  ['an export from elsewhere', `export { a } from './a.ts'`, 'gateway/a.ts', true],
  ['an exported type from elsewhere', `export type { A } from './a.ts'`, 'gateway/a.ts', false],
  ['a dynamic import', `  const a = await import('../store/a.ts')`, 'store/a.ts', true],
  ['a computed import', 'await import(name)', '(computed)', true],
] as const) {
  t.test(`the walk sees ${form}`, async t => {
    t.match(importsIn(source, 'gateway/x.ts'), [{ target, isLoaded }])
  })
}

t.test('the walk is not taken in by declarations and comments', async t => {
  const source = `// import './a.ts'\nexport const a = 'b'\nexport function c() { return "from 'd'" }\n/* import 'e' */`
  t.same(importsIn(withoutComments(source), 'gateway/x.ts'), [])
  t.same(importsIn(`export interface A {\n  b: 'c'\n}\nexport type D = { e: 'f' }`, 'gateway/x.ts'), [])
})

function folderOf(file: string): string {
  const [top = '', second = ''] = file.split('/')
  return top === 'certs' && file.split('/').length > 2 ? `certs/${second}` : top
}

function isAllowed(from: string, to: string): boolean {
  return from === to || (MAY_IMPORT[from] ?? []).includes(to)
}

function isWithin(target: string, name: string): boolean {
  return name.endsWith('/') ? target.startsWith(name) : target === name
}

function isPure(file: string): boolean {
  return PURE.some(pattern => pattern.test(file))
}

function isPureImport(target: string, isOurs: boolean, names: readonly string[]): boolean {
  if (isOurs) return isPure(target)
  const allowed = PURE_NODE[target]
  if (allowed !== undefined) return names.length > 0 && names.every(name => allowed.includes(name))
  return PURE_PACKAGES.includes(target)
}
