// test/subscription/public-keys.test.ts: names that strangers choose take no memory and no log, whatever the disk says.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PublicKeys } from '../../subscription/public-keys.ts'
import { temporaryDirectory } from '../support/tmp.ts'

for (const [what, isFile] of [
  ['a directory that has none of them', false],
  ['a directory that cannot be entered', true],
] as const) {
  t.test(`a flood of names, and ${what}`, async t => {
    const path = temporaryDirectory(t)
    const directory = isFile ? join(path, 'file') : path // ENOTDIR, as root may enter everything
    if (isFile) writeFileSync(directory, '')
    let nowMs = 0
    let told = 0
    const keys = new PublicKeys({ directory, monotonicMs: () => nowMs, onBadFile: () => told++ })
    for (let i = 0; i < 5_000; i++) keys.get(`${i}.pem`)
    t.ok(keys.size <= 1_000, `${keys.size}`)
    t.equal(told, isFile ? 10 : 0)
    nowMs = 61_000
    keys.get('another.pem')
    t.equal(told, isFile ? 11 : 0, 'a minute later it is told again')
  })
}
