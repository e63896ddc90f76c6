// test/master/rule-files.test.ts: files that rules name are read as files, and nothing that they hold is told.
import { execFileSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { showModule, showModules } from '../../master/js-modules.ts'
import { NamedFiles } from '../../master/rule-files.ts'
import { childrenOf, until } from '../support/processes.ts'
import { refusalOf } from '../support/rules.ts'
import { temporaryDirectory } from '../support/tmp.ts'

t.test('what is no file of a sensible size is refused at once', async t => {
  const directory = temporaryDirectory(t)
  const files = new NamedFiles(directory)
  execFileSync('mkfifo', [join(directory, 'fifo')])
  mkdirSync(join(directory, 'directory'))
  writeFileSync(join(directory, 'huge'), '')
  truncateSync(join(directory, 'huge'), 300 * 1024 * 1024) // a hole
  for (const [name, problem] of [
    ['fifo', 'it is no file'],
    ['/dev/zero', 'it is no file'],
    ['directory', 'it is a directory'],
    ['huge', /it has more than \d+ bytes/],
    ['missing', 'there is no such file'],
  ] as const) {
    t.match(refusalOf(() => files.nets(name))?.message, problem, `list ${name}`)
    t.match(refusalOf(() => files.js(name, 'decide'))?.message, problem, `module ${name}`)
  }
})

t.test('what is wrong with a file that need not be there is said, and nothing when it is well', async t => {
  const directory = temporaryDirectory(t)
  const files = new NamedFiles(directory)
  writeFileSync(join(directory, 'users'), '')
  execFileSync('mkfifo', [join(directory, 'fifo')])
  for (const [name, trouble] of [
    ['users', ''],
    ['missing', 'there is no such file'],
    ['fifo', 'it is no file'],
    ['.', 'it is a directory'],
  ] as const)
    t.equal(files.trouble(files.path(name)), trouble, name)
})

t.test('a line that is wrong is told by its number alone', async t => {
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, 'list'), '10.0.0.0/8\nroot:$6$secret\n')
  const problem = refusalOf(() => new NamedFiles(directory).nets('list'))?.message ?? ''
  t.match(problem, /list:2: /)
  t.notMatch(problem, /secret|root/)
})

t.test('a module is another one when it changed, or a file that it loads', async t => {
  const directory = temporaryDirectory(t)
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text)
  const stamp = (): string => new NamedFiles(directory).js('rules.ts', 'decide').stamp
  write('rules.ts', "import { key } from './a.ts'\nexport const decide = () => ({ key })")
  write(
    'a.ts',
    "import list from './list.json' with { type: 'json' }\nexport * from './b.cjs'\nexport const key: string = list[0]",
  )
  write('list.json', '["x"]')
  write('b.cjs', "exports.other = require('./c.cjs')")
  write('c.cjs', 'module.exports = 1')
  const first = stamp()
  t.equal(stamp(), first, 'the same one')
  const seen = new Set([first])
  for (const [name, text] of [
    ['rules.ts', "import { key } from './a.ts'\nexport const decide = () => ({ key: key + key })"],
    ['list.json', '["y"]'],
    ['c.cjs', 'module.exports = 2'],
    ['a.ts', "export const key: string = 'z'"],
  ] as const) {
    write(name, text)
    t.notOk(seen.has(stamp()), name)
    seen.add(stamp())
  }
})

t.test(
  'a module that hangs, leaks or kills while it is loaded is refused, and costs nobody else',
  async t => {
    const directory = temporaryDirectory(t)
    const sources = {
      leaks: 'const m = new Map(); for (let i = 0; ; i++) m.set(i, {})',
      keeps: 'const a = []; for (;;) a.push(Buffer.alloc(1e6, 1))',
      exits: 'process.exit(0)',
      kills: "process.kill(process.pid, 'SIGKILL'); for (;;);",
      waits: 'await new Promise(() => {})',
      throws: "throw new Error('boom')",
      good: 'export const decide = () => {}; setInterval(() => {}, 1000)',
    }
    for (const [name, text] of Object.entries(sources)) writeFileSync(join(directory, `${name}.ts`), text)
    writeFileSync(join(directory, 'hangs.ts'), 'for (;;);')
    const rule = (name: string) => ({
      chain: 'request' as const,
      family: 'run' as const,
      value: `js:${name}.ts#decide`,
      place: { file: 'a.ini', line: 1 },
    })
    let turns = 0
    const timer = setInterval(() => turns++, 10)
    const shown = await showModules(Object.keys(sources).map(rule), directory, null, 20_000)
    clearInterval(timer)
    t.ok(turns > 20, 'there was time for other things')
    const files = new NamedFiles(directory, null, shown)
    for (const [name, problem] of [
      ['leaks', /memory/],
      ['keeps', /memory/],
      ['exits', /code 0/],
      ['kills', /SIGKILL ended it/],
      ['waits', /code 13/],
      ['throws', /boom/],
    ] as const)
      t.match(refusalOf(() => files.js(`${name}.ts`, 'decide'))?.message, problem, name)
    t.equal(files.js('good.ts', 'decide').stamp, new NamedFiles(directory).js('good.ts', 'decide').stamp)
    const [hanging] = (await showModules([rule('hangs')], directory, null, 500)).values()
    t.match(hanging, { problem: 'it takes more than 0.5 s' })
    t.match(showModule(join(directory, 'hangs.ts'), null, 500), { problem: 'it takes more than 0.5 s' })
    await until('none is left', () => childrenOf(process.pid).length === 0)
  },
)
