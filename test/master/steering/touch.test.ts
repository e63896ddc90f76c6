// test/master/steering/touch.test.ts: files that ask for something by being touched.
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { TouchedFiles } from '../../../master/steering/touch.ts'
import { until } from '../../support/processes.ts'
import { temporaryDirectory } from '../../support/tmp.ts'

t.test('another time of change, appearing and vanishing count, once each', async t => {
  const directory = temporaryDirectory(t)
  const path = join(directory, 'reload')
  const other = join(directory, 'other')
  const heard: string[] = []
  const files = new TouchedFiles(10)
  t.teardown(() => files.stop())
  files.follow([path, other].map(each => ({ path: each, act: () => void heard.push(each) })))
  let touches = 0
  const counts = async (what: string) => {
    touches++
    await until(what, () => heard.length >= touches)
    t.equal(heard.length, touches, what)
    t.equal(heard.at(-1), path, what)
  }
  writeFileSync(path, '')
  await counts('it appears')
  utimesSync(path, 1, 1)
  await counts('it is touched')
  utimesSync(path, 1, 0.5)
  await counts('by less than a second, back in time')
  renameSync(path, `${path}.old`)
  await counts('it vanishes')
  mkdirSync(path)
  await counts('it is a directory')
})

t.test('what was there at the start is no touch; a reload keeps what is known', async t => {
  const directory = temporaryDirectory(t)
  const [a, b] = [join(directory, 'a'), join(directory, 'b')] as const
  writeFileSync(a, '')
  const heard: string[] = []
  const act = (path: string) => void heard.push(path)
  const files = new TouchedFiles(10)
  t.teardown(() => files.stop())
  files.follow([{ path: a, act }])
  utimesSync(a, 1, 1) // not seen yet
  files.follow([a, b].map(path => ({ path, act })))
  await until('it is seen after the change of the list', () => heard.length > 0)
  writeFileSync(b, '')
  await until('the new one is watched', () => heard.length > 1)
  t.same(heard, [a, b])
  files.follow([{ path: b, act }])
  rmSync(a)
  rmSync(b)
  await until('b', () => heard.length > 2)
  t.same(heard, [a, b, b], 'the old one is not watched')
})
