// test/gateway/asks/passwords.test.ts: who gets in by a password file, while files change, hashes take long and guesses come.
import { execFileSync } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Passwords } from '../../../gateway/asks/passwords.ts'
import type { PasswordAnswer } from '../../../routing/rules/asked.ts'
import { until } from '../../support/processes.ts'
import { type Test, temporaryDirectory } from '../../support/tmp.ts'

const OPEN_SESAME = '{SHA}W8r/fyL/UzygmbNAjq2HbA67qac='
const SLOW_RIGHT = '$2y$10$abcdefghijklmnopqrstuu1VS0P7v3ZJmd2gzBFIzgfN7OOl6Rl52' // 60 ms and more
const QUICK = '$2y$04$abcdefghijklmnopqrstuu' // a millisecond, by thread all the same

function setUp(t: Test, content: string | null) {
  const file = join(temporaryDirectory(t), 'htpasswd')
  if (content !== null) writeFileSync(file, content)
  const told: { text: string; fields: Record<string, string | number> }[] = []
  const clock = { now: 1_000_000 }
  const passwords = new Passwords({
    tell: (_, text, fields) => told.push({ text, fields }),
    now: () => clock.now,
  })
  t.teardown(() => passwords.close())
  const ask = (user: string, password: string, client = '192.0.2.1'): Promise<PasswordAnswer> =>
    new Promise(resolve => passwords.check({ known: { file }, user, password }, client, resolve))
  return { file, told, clock, passwords, ask }
}

t.test('the right password gets in; another, and another user, do not', async t => {
  const { ask } = setUp(t, `ann:${OPEN_SESAME}\nbob:${SLOW_RIGHT}`)
  t.same(await ask('ann', 'open sesame'), { kind: 'right' })
  t.same(await ask('bob', 'right'), { kind: 'right' })
  t.same(await ask('ann', 'right'), { kind: 'wrong' })
  t.same(await ask('bob', 'open sesame'), { kind: 'wrong' })
  t.same(await ask('carl', 'right'), { kind: 'wrong' }, 'the hash that stands in for his is no way in')
  t.same(await ask('carl', 'open sesame'), { kind: 'wrong' })
  t.same(await ask('', ''), { kind: 'wrong' })
})

t.test('lines that say nothing are skipped, and told once', async t => {
  const { ask, told } = setUp(
    t,
    `# ours\r\nbroken\nann:plain\n:${OPEN_SESAME}\nbob:${OPEN_SESAME}:more\r\n\n`,
  )
  t.same(await ask('bob', 'open sesame'), { kind: 'right' })
  t.same(await ask('ann', 'plain'), { kind: 'wrong' })
  t.match(told, [{ text: /skipped/, fields: { lines: '2, 3, 4', count: 3 } }])
})

t.test('a user that is named twice has the first of the passwords', async t => {
  const { ask } = setUp(t, `ann:${OPEN_SESAME}\nann:${SLOW_RIGHT}\n`)
  t.same(await ask('ann', 'open sesame'), { kind: 'right' })
  t.same(await ask('ann', 'right'), { kind: 'wrong' })
})

t.test('without the file nobody gets in, which is said once; once it is there, its users do', async t => {
  const { ask, told, file, clock } = setUp(t, null)
  t.same(await ask('ann', 'open sesame'), { kind: 'wrong' })
  clock.now += 2_000
  t.same(await ask('ann', 'open sesame'), { kind: 'wrong' })
  t.match(told, [{ text: /nobody gets in/, fields: { file } }])
  t.equal(told.length, 1)
  writeFileSync(file, `ann:${OPEN_SESAME}\n`)
  clock.now += 2_000
  t.same(await ask('ann', 'open sesame'), { kind: 'right' })
})

t.test('a password that changed counts after a second, written in place or replaced', async t => {
  const { ask, file, clock } = setUp(t, `ann:${OPEN_SESAME}\n`)
  t.same(await ask('ann', 'open sesame'), { kind: 'right' })
  writeFileSync(file, `ann:${SLOW_RIGHT}\n`)
  t.same(await ask('ann', 'open sesame'), { kind: 'right' }, 'within the second')
  clock.now += 1_000
  t.same(await ask('ann', 'open sesame'), { kind: 'wrong' }, 'what was known of the old file is forgotten')
  t.same(await ask('ann', 'right'), { kind: 'right' })
  writeFileSync(`${file}.new`, `ann:${OPEN_SESAME}\n`)
  renameSync(`${file}.new`, file)
  clock.now += 1_000
  t.same(await ask('ann', 'open sesame'), { kind: 'right' })
})

t.test('a FIFO in place of the file holds nobody up', async t => {
  const { ask, file, told } = setUp(t, null)
  execFileSync('/usr/bin/mkfifo', [file])
  t.same(await ask('ann', 'open sesame'), { kind: 'wrong' })
  t.match(told, [{ fields: { cause: 'it is no file' } }])
})

t.test('slow hashes do not hold up the loop', async t => {
  const { ask } = setUp(t, `ann:${SLOW_RIGHT}\n`)
  let turns = 0
  let isOver = false
  const turn = (): void => {
    turns++
    if (!isOver) setImmediate(turn)
  }
  turn()
  await Promise.all(['a', 'b', 'c', 'right'].map(password => ask('ann', password)))
  isOver = true
  t.ok(turns > 100, `${turns} turns of the loop meanwhile`)
})

t.test(
  'four are in hand at most, those alike are one, and beyond those that wait the answer is 503',
  async t => {
    const { ask, passwords } = setUp(t, `ann:${SLOW_RIGHT}\n`)
    await ask('ann', '')
    const asked = Array.from({ length: 80 }, (_, i) => ask('ann', `guess ${i}`, `192.0.2.${i}`))
    const alike = Array.from({ length: 200 }, () => ask('ann', 'guess 0', '198.51.100.1'))
    t.same(passwords.load, { inHand: 4, waiting: 64 })
    const refused = await Promise.all(asked.slice(68))
    t.same(new Set(refused.map(answer => JSON.stringify(answer))).size, 1)
    t.match(refused[0], { kind: 'refused', status: 503, retryAfterSeconds: 1 })
    t.same(await asked[0], { kind: 'wrong' })
    for (const answer of await Promise.all(alike)) t.same(answer, { kind: 'wrong' })
    await passwords.close()
    t.match(await asked[67], { kind: 'refused', status: 503 }, 'who still waits at the end is answered')
  },
)

t.test('what was found holds for a minute', async t => {
  const { ask, clock, passwords } = setUp(t, `ann:${SLOW_RIGHT}\n`)
  t.same(await ask('ann', 'right'), { kind: 'right' })
  clock.now += 59_000
  await ask('ann', 'x') // looks at the file
  let isKnown = false
  void ask('ann', 'right').then(() => {
    isKnown = true
  })
  t.equal(passwords.load.inHand, 0)
  await until('it is known', () => isKnown)
  clock.now += 2_000
  await ask('ann', 'y')
  const again = ask('ann', 'right')
  t.equal(passwords.load.inHand, 1, 'then it is checked again')
  t.same(await again, { kind: 'right' })
})

t.test(
  'ten wrong passwords of an address, and it must wait; others need not, and who is known neither',
  async t => {
    const { ask, clock, passwords } = setUp(t, `ann:${OPEN_SESAME}\n`)
    t.same(await ask('ann', 'open sesame'), { kind: 'right' })
    for (let i = 0; i < 10; i++) t.same(await ask('ann', `guess ${i}`), { kind: 'wrong' })
    t.same(
      await ask('ann', 'guess 3'),
      { kind: 'wrong' },
      'the same guess again costs nothing, and tells nothing',
    )
    t.same(await ask('ann', 'guess 10'), { kind: 'refused', status: 429, retryAfterSeconds: 6 })
    t.same(await ask('ann', 'open sesame'), { kind: 'right' }, 'who got in before stays in')
    t.same(await ask('ann', 'guess 10', '192.0.2.2'), { kind: 'wrong' })
    clock.now += 6_000
    t.same(await ask('ann', 'guess 11'), { kind: 'wrong' })
    t.match(await ask('ann', 'guess 12'), { status: 429 })
    const known = { user: 'ann', password: 'open sesame' }
    const inline = (password: string, client: string): Promise<PasswordAnswer> =>
      new Promise(resolve => passwords.check({ known, user: 'ann', password }, client, resolve))
    t.match(await inline('guess', '192.0.2.1'), { status: 429 }, 'nor may it guess at a user of a rule')
    t.match(await inline('open sesame', '192.0.2.1'), { status: 429 }, 'not even if it hits')
    t.match(await inline('open sesame', '192.0.2.3'), { kind: 'right' })
    t.match(await inline('open sesame', '192.0.2.1'), { kind: 'right' }, 'once it is known, it is')
  },
)

t.test('one network of IPv6 is one guesser', async t => {
  const { ask } = setUp(t, `ann:${OPEN_SESAME}\n`)
  for (let i = 0; i < 10; i++) await ask('ann', `guess ${i}`, `2001:db8:0:1::${i}`)
  t.match(await ask('ann', 'next', '2001:db8::1:a:b:c:d'), { status: 429 })
  t.match(await ask('ann', 'next', '2001:db8:0:2::1'), { kind: 'wrong' })
})

t.test('many guesses at once count while they wait', async t => {
  const { ask } = setUp(t, `ann:${QUICK}1VS0P7v3ZJmd2gzBFIzgfN7OOl6Rl52\n`)
  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => ask('ann', `guess ${i}`)))
  const heard = answers.filter(({ kind }) => kind === 'wrong').length
  t.ok(heard >= 10 && heard <= 13, `${heard} of 60 were heard`)
})

t.test('a user that a rule names has the one password', async t => {
  const { passwords } = setUp(t, null)
  const ask = (user: string, password: string, own = 'secret'): Promise<PasswordAnswer> =>
    new Promise(resolve =>
      passwords.check({ known: { user: 'ann', password: own }, user, password }, '', resolve),
    )
  t.same(await ask('ann', 'secret'), { kind: 'right' })
  t.same(await ask('ann', 'secret '), { kind: 'wrong' })
  t.same(await ask('anne', 'secret'), { kind: 'wrong' })
  t.same(await ask('ann', 'secret', 'changed'), { kind: 'wrong' })
  t.same(await ask('ann', 'changed', 'changed'), { kind: 'right' }, 'what was wrong before the rule changed')
  t.same(await ask('ann', '', ''), { kind: 'right' }, 'the empty password is one, too')
})

t.test('a user that is missing takes as long as one that is there', async t => {
  const { ask } = setUp(t, `ann:${SLOW_RIGHT}\n`)
  await ask('ann', 'warm')
  const took = async (user: string): Promise<number> => {
    const times = []
    for (let i = 0; i < 3; i++) {
      const begun = performance.now()
      await ask(user, `wrong ${i}`, `192.0.2.${i}`)
      times.push(performance.now() - begun)
    }
    return Math.min(...times)
  }
  const known = await took('ann')
  const unknown = await took('nobody')
  t.ok(unknown > known / 2, `${unknown} ms beside ${known} ms`)
})
