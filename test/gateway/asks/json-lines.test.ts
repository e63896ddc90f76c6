// test/gateway/asks/json-lines.test.ts: values come as they were sent, in whatever pieces.
import t from 'tap'
import { LineReader, lineOf } from '../../../gateway/asks/json-lines.ts'

const VALUES = [{ a: 'x\ny' }, null, 7, 'é€😀 \u2028', [], { __proto__: null, b: [{}] }]

t.test('whole, and byte by byte', async t => {
  const bytes = Buffer.from(VALUES.map(lineOf).join(''))
  t.same(new LineReader(1_000).read(bytes), VALUES)
  const reader = new LineReader(1_000)
  t.same(
    [...bytes].flatMap(byte => reader.read(Buffer.of(byte))),
    VALUES,
  )
})

t.test('what would be lost is refused, and so is what never ends or is no JSON', async t => {
  t.throws(() => lineOf({ a: () => {} }), /a function cannot be copied/)
  t.throws(() => lineOf({ a: Symbol('b') }), /a symbol cannot be copied/)
  t.throws(() => lineOf({ a: 1n }))
  const reader = new LineReader(10)
  reader.read(Buffer.from('123456'))
  t.throws(() => reader.read(Buffer.from('123456')), /more than 10 bytes/)
  t.throws(() => new LineReader(10).read(Buffer.from('{\n')))
})
