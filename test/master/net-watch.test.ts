// test/master/net-watch.test.ts: lists of networks that change while they are looked at: gateways get whole ones, or none.
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { ToGateway } from '../../base/messages.ts'
import type { NetsPicture } from '../../base/nets.ts'
import type { Log } from '../../master/logs/log.ts'
import { NetWatch } from '../../master/net-watch.ts'
import { readNetFile } from '../../routing/nets/read.ts'
import { type Test, temporaryDirectory } from '../support/tmp.ts'

function setUp(t: Test, text: string) {
  const file = join(temporaryDirectory(t), 'nets.txt')
  writeFileSync(file, text)
  const told: number[] = [] // how many ranges each message had; -1: the list is not needed any more
  const warned: unknown[] = []
  const log = { info() {}, warn: (fields: unknown) => warned.push(fields) } as unknown as Log
  const tell = (message: ToGateway): void => {
    if (message.kind === 'nets')
      for (const { nets } of message.files) told.push(nets === null ? -1 : nets.v4.length / 2)
  }
  const watch = new NetWatch({ log, tell })
  watch.learn(new Map([[file, readNetFile(text) as NetsPicture]]))
  told.length = 0
  return { file, told, warned, watch }
}

t.test('a file that was replaced is told once, when it was the same for two looks', async t => {
  const { file, told, watch } = setUp(t, '10.0.0.0/8\n')
  for (let i = 0; i < 3; i++) await watch.tick()
  t.same(told, [], 'nothing changed')
  writeFileSync(`${file}.new`, '10.0.0.0/8\n12.0.0.0/8\n')
  renameSync(`${file}.new`, file)
  await watch.tick()
  t.same(told, [])
  for (let i = 0; i < 3; i++) await watch.tick()
  t.same(told, [2])
  t.match(watch.messages(), [{ kind: 'nets', files: [{ file }] }], 'who starts gets it, too')
})

t.test('one that is written in pieces is never taken by half', async t => {
  const { file, told, watch } = setUp(t, '10.0.0.0/8\n')
  writeFileSync(file, '')
  for (let i = 0; i < 100; i++) {
    appendFileSync(file, `${i}.0.0.0/9\n`)
    await watch.tick()
  }
  t.same(told, [])
  await watch.tick()
  t.same(told, [100])
})

t.test('one that is bad, or gone, changes nothing, and is told of once', async t => {
  const { file, told, warned, watch } = setUp(t, '10.0.0.0/8\n')
  writeFileSync(file, '10.0.0.0/8\nbad\n')
  for (let i = 0; i < 4; i++) await watch.tick()
  t.same(told, [])
  t.match(warned, [{ file: `${file}:2`, cause: /^it is neither/ }])
  t.equal(warned.length, 1)
  rmSync(file)
  for (let i = 0; i < 3; i++) await watch.tick()
  t.equal(warned.length, 2)
  writeFileSync(file, '11.0.0.0/8\n13.0.0.0/8\n')
  for (let i = 0; i < 2; i++) await watch.tick()
  t.same(told, [2])
})

t.test('rules that name other files leave the old ones', async t => {
  const { told, watch } = setUp(t, '10.0.0.0/8\n')
  watch.keepOnly(new Map())
  t.same(told, [-1])
  t.same(watch.messages(), [])
})
