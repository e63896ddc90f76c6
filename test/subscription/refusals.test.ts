// test/subscription/refusals.test.ts: every reason of a refusal is told of in the docs; what is shown of packets is printable.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { REFUSALS, shown } from '../../subscription/refusals.ts'

t.test('docs/wire/subscription.md has a row for each reason, and for no other', async t => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/wire/subscription.md'), 'utf8')
  const [, table = ''] = page.split('## Refusals\n')
  const rows = [...table.split('\n## ')[0]!.matchAll(/^\| `([\w-]+)` \| (.*) \|$/gm)]
  t.same(
    rows.map(([, reason, words]) => [reason, words]),
    Object.entries(REFUSALS),
  )
})

for (const [text, line] of [
  ['a.example', '"a.example"'],
  ['a"b\\c', '"a\\x22b\\x5cc"'],
  ['a\r\n\0b', '"a\\x0d\\x0a\\x00b"'],
  ['\xe4\u20ac', '"\\xe4\\u20ac"'],
  ['x'.repeat(300), `"${'x'.repeat(80)}..."`],
] as const) {
  t.test(`${line} is shown`, async t => t.equal(shown(text), line))
}

t.test('whatever is shown is short and in one line', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), text =>
      /^"[ !#-~]{0,500}"$/.test(shown(text)),
    ),
  )
})
