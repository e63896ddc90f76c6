// test/master/reload-fuzz.test.ts: a few random rounds of reloads; npm run long:reload-fuzz does many.
import t from 'tap'
import { fuzzReloads } from './reload-fuzz.ts'

t.jobs = 2

for (const seed of [1, 2]) {
  t.test(`seed ${seed}`, async t => {
    const problems = await fuzzReloads(t, seed, 10)
    t.same(problems, [])
  })
}
