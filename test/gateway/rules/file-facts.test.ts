// test/gateway/rules/file-facts.test.ts: what is asked of a file by many at the same time is looked up once.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { FileFacts } from '../../../gateway/rules/file-facts.ts'
import { temporaryDirectory } from '../../support/tmp.ts'

const looks = (): number => process.getActiveResourcesInfo().filter(name => name === 'FSReqPromise').length

t.test('a hundred who ask for the same file wait for one look, whatever they want to know', async t => {
  const path = join(temporaryDirectory(t), 'file')
  writeFileSync(path, '')
  const facts = new FileFacts()
  const before = looks()
  const answers = Array.from({ length: 100 }, (_, i) => facts.find(path, i % 2 === 0 ? 'file' : 'directory'))
  t.equal(looks() - before, 1)
  t.same(
    await Promise.all(answers),
    Array.from({ length: 100 }, (_, i) => 1 - (i % 2)),
  )
  t.equal(facts.known(path, 'exists'), 1)
  t.equal(await facts.find(`${path}-other`, 'exists'), 0, 'another file is another look')
})

t.test('a name that no file can have is answered each time', async t => {
  const facts = new FileFacts()
  for (let i = 0; i < 3; i++) t.equal(await facts.find('a\0b', 'exists'), 0)
})

t.test('who asks later is told what is so then', async t => {
  const path = join(temporaryDirectory(t), 'file')
  const facts = new FileFacts()
  t.equal(await facts.find(path, 'exists'), 0)
  writeFileSync(path, '')
  t.equal(await facts.find(path, 'exists'), 1)
})
