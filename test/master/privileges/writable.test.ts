// test/master/privileges/writable.test.ts: why a file cannot be written, in words.
import { join } from 'node:path'
import t from 'tap'
import { unwritable, unwritableProblem } from '../../../master/privileges/writable.ts'
import { freshDirectory } from '../../support/sluice.ts'

const PLACE = { file: 'x.ini', line: 7 }

t.test('before it is written', async t => {
  const directory = freshDirectory(t, { file: '' })
  for (const [name, reason] of [
    ['new', null],
    ['file', null],
    ['.', 'it is a directory'],
    ['none/x', `there is no directory ${directory}/none`],
    ['file/x', `${directory}/file is no directory`],
  ] as const) {
    const path = join(directory, name)
    const problems = unwritable(path, 'pid file', PLACE).map(({ problem }) => problem)
    t.strictSame(problems, reason === null ? [] : [`the pid file ${path} cannot be written: ${reason}`], name)
  }
})

t.test('after the system said no', async t => {
  const directory = freshDirectory(t, { file: '' })
  const reason = (name: string, code: string) => {
    const error = { code, message: 'raw' }
    return unwritableProblem(join(directory, name), 'pid file', PLACE, error).problem.split(': ')[1]
  }
  const user = process.getuid?.()
  t.equal(reason('file', 'EACCES'), `${directory}/file may not be written by user ${user}`)
  t.equal(reason('new', 'EACCES'), `${directory} may not be written by user ${user}`)
  t.equal(reason('new', 'EROFS'), 'its file system is read-only')
  t.equal(reason('new', 'EWHATEVER'), 'raw')
})
