// test/long/reload-fuzz.ts: many random rounds of reloads, kills, pauses and rotations. `SEED=7 SEEDS=1` repeats one round.
import t from 'tap'
import { fuzzReloads } from '../master/reload-fuzz.ts'

const FIRST_SEED = Number(process.env.SEED ?? 1)
const SEEDS = Number(process.env.SEEDS ?? 40)
const STEPS = Number(process.env.STEPS ?? 60)

t.setTimeout(0)

for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
  await t.test(`seed ${seed}`, async t => {
    const problems = await fuzzReloads(t, seed, STEPS)
    t.same(problems, [])
  })
}
