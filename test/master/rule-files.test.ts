// test/master/rule-files.test.ts: files that rules name are read as files, and nothing that they hold is told.
import { execFileSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { NamedFiles } from '../../master/rule-files.ts'
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

t.test('a line that is wrong is told by its number alone', async t => {
  const directory = temporaryDirectory(t)
  writeFileSync(join(directory, 'list'), '10.0.0.0/8\nroot:$6$secret\n')
  const problem = refusalOf(() => new NamedFiles(directory).nets('list'))?.message ?? ''
  t.match(problem, /list:2: /)
  t.notMatch(problem, /secret|root/)
})
