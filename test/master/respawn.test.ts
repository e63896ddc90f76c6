// test/master/respawn.test.ts: how long to wait before a process that ended is started again.
import t from 'tap'
import { Respawn } from '../../master/respawn.ts'

t.test(
  'at once after a long life, and after the first short one; then ever later, up to a limit',
  async t => {
    let now = 0
    const respawn = new Respawn({ firstMs: 100, longestMs: 500, youngMs: 5000 }, () => now)
    const waits = [6000, 10, 10, 10, 10, 10, 10].map(lifeMs => {
      respawn.started()
      now += lifeMs
      return respawn.nextWait()
    })
    t.same(waits, [0, 0, 100, 200, 400, 500, 500])
  },
)

t.test('a long life ends the row', async t => {
  let now = 0
  const respawn = new Respawn({ firstMs: 100, longestMs: 500, youngMs: 5000 }, () => now)
  const waits = [10, 10, 10, 5000, 10, 10].map(lifeMs => {
    respawn.started()
    now += lifeMs
    return respawn.nextWait()
  })
  t.same(waits, [0, 100, 200, 0, 0, 100])
})
