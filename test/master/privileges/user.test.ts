// test/master/privileges/user.test.ts: whom the options uid, gid, add-gid and no-initgroups name, and what is refused.
import t from 'tap'
import { loadConfig } from '../../../config/load.ts'
import { findGroup, findUser, idOf, supplementaryGroups } from '../../../master/privileges/accounts.ts'
import { threadDoubts } from '../../../master/privileges/drop.ts'
import { planUser, type Self } from '../../../master/privileges/user.ts'

const ROOT: Self = { uid: 0, gid: 0, groups: [] }
const WWW_DATA: Self = { uid: 33, gid: 33, groups: [33, 44] }

t.test('as root', async t => {
  for (const [what, args, expected] of [
    ['nothing asked for', [], null],
    ['a name', ['uid=www-data'], [33, 33, [33], 'www-data']],
    ['a number with an account', ['uid=33'], [33, 33, [33], 'www-data']],
    ['a number without one', ['uid=54321', 'gid=adm'], [54321, 4, [], '54321']],
    ['gid beside uid', ['uid=www-data', 'gid=adm'], [33, 4, [4], 'www-data']],
    ['gid alone', ['gid=adm'], [0, 4, [], '0']],
    [
      'added groups',
      ['uid=www-data', 'add-gid=adm', 'add-gid=54321', 'add-gid=4'],
      [33, 33, [4, 54321], 'www-data'],
    ],
    ['no groups', ['uid=www-data', 'no-initgroups'], [33, 33, [], 'www-data']],
    ['no groups but those', ['uid=www-data', 'no-initgroups', 'add-gid=adm'], [33, 33, [4], 'www-data']],
  ] as const) {
    const { user, problems } = planUser(config(args), ROOT)
    t.strictSame(problems, [], what)
    t.strictSame(user && [user.uid, user.gid, user.groups, user.name], expected, what)
  }
})

t.test('as root, refused', async t => {
  for (const [args, problem, remedy] of [
    [
      ['uid=nobody-such'],
      'there is no user "nobody-such"',
      'Correct the name, or make the user: useradd --system nobody-such',
    ],
    [['uid=--help'], 'there is no user "--help"', 'Write the name of a user, or its number'],
    [
      ['gid=none-such'],
      'there is no group "none-such"',
      'Correct the name, or make the group: groupadd --system none-such',
    ],
    [
      ['uid=www-data', 'add-gid=none-such'],
      'there is no group "none-such"',
      'Correct the name, or make the group: groupadd --system none-such',
    ],
    [
      ['uid=54321'],
      'user 54321 has no account on this machine, so its group is not known',
      'Add gid = GROUP',
    ],
    [['uid=4294967295'], 'there is no user "4294967295"', 'Write the name of a user, or its number'],
  ] as const) {
    const { user, problems } = planUser(config(args), ROOT)
    t.equal(user, null)
    t.match(problems, [{ problem, remedy }])
    t.equal(problems.length, 1)
  }
})

t.test('as root, doubtful', async t => {
  const warning = (...args: string[]) => planUser(config(args), ROOT).warnings.map(({ problem }) => problem)
  t.strictSame(warning('uid=root'), ['"uid = root" lets Sluice stay root'])
  t.strictSame(warning('add-gid=adm', 'no-initgroups'), [
    '"add-gid" has no effect without uid or gid',
    '"no-initgroups" has no effect without uid or gid',
  ])
  t.strictSame(warning('uid=www-data'), [])
})

t.test('as another user', async t => {
  for (const [args, problem, remedy] of [
    [['uid=www-data'], null, ''],
    [['uid=www-data', 'gid=33', 'add-gid=44'], null, ''],
    [
      ['uid=nobody'],
      'only root can become another user: uid asks for nobody, and Sluice runs as user 33',
      'Start as root, or take uid out',
    ],
    [
      ['uid=root'],
      'only root can become another user: uid asks for root, and Sluice runs as user 33',
      'Start as root, or take uid out',
    ],
    [
      ['gid=adm'],
      'only root can become another group: gid asks for adm, and Sluice runs as user 33 with group 33',
      'Start as root, or take gid out',
    ],
    [
      ['uid=33', 'add-gid=adm'],
      'only root can take another group: add-gid asks for adm, and Sluice runs as user 33 without it',
      'Start as root, or take add-gid out',
    ],
  ] as const) {
    const { user, problems } = planUser(config(args), WWW_DATA)
    t.equal(user, null, 'it stays who it is')
    const expected = problem === null ? [] : [{ problem, remedy }]
    t.strictSame(
      problems.map(({ problem, remedy }) => ({ problem, remedy })),
      expected,
      args.join(' '),
    )
  }
})

t.test('accounts', async t => {
  t.strictSame(findUser('root'), { name: 'root', uid: 0, gid: 0 })
  t.strictSame(findUser('0'), findUser('root'))
  t.equal(findUser('none-such'), null)
  t.strictSame(findGroup('adm'), { name: 'adm', gid: 4 })
  t.equal(findGroup('-h'), null)
  t.equal(idOf('4294967295'), null, 'what means "no change" is no id')
  t.equal(idOf('12x'), null)
  t.strictSame(supplementaryGroups({ name: 'www-data', uid: 33, gid: 33 }), [], 'the primary one aside')

  const { PATH } = process.env
  t.teardown(() => {
    process.env.PATH = PATH
  })
  process.env.PATH = '/nowhere'
  t.strictSame(findUser('www-data'), { name: 'www-data', uid: 33, gid: 33 }, 'without getent')
  t.strictSame(findGroup('4'), { name: 'adm', gid: 4 })
  t.equal(findUser('none-such'), null)
  t.strictSame(supplementaryGroups({ name: 'www-data', uid: 33, gid: 33 }), [])
})

t.test('what the kernel says of a thread after the drop', async t => {
  const status = [
    'Uid:\t33\t33\t33\t33',
    'Gid:\t33\t33\t33\t33',
    'Groups:\t4 33 ',
    'CapInh:\t0000000000000400',
    'CapPrm:\t0000000000000000',
    'CapEff:\t0000000000000000',
    'CapBnd:\t000001ffffffffff',
    'CapAmb:\t0000000000000000',
  ].join('\n')
  const user = { uid: 33, gid: 33, groups: [33, 4], name: '', groupName: '', place: { file: null, line: 0 } }
  const doubts = (from: string, to: string) => threadDoubts(status.replace(from, to), user)
  t.strictSame(doubts('', ''), [])
  t.strictSame(doubts('Uid:\t33\t33\t33', 'Uid:\t33\t33\t0'), [
    'the kernel says Uid 33 33 0 33, not 33 33 33 33',
  ])
  t.strictSame(doubts('Gid:\t33\t33\t33\t33', 'Gid:\t33\t33\t33\t0'), [
    'the kernel says Gid 33 33 33 0, not 33 33 33 33',
  ])
  t.strictSame(doubts('4 33', '0 4 33'), ['the kernel says Groups 0 4 33, not 4 33'])
  t.strictSame(threadDoubts(status, { ...user, groups: [] }), ['the kernel says Groups 4 33, not none'])
  for (const name of ['CapPrm', 'CapEff', 'CapAmb']) {
    t.equal(doubts(`${name}:\t0000000000000000`, `${name}:\t0000000000000400`).length, 1, name)
    t.equal(doubts(`${name}:`, 'Gone:').length, 1, `${name} is missing`)
  }
})

function config(args: readonly string[]) {
  const argv = ['--http=:8080', ...args.map(arg => `--${arg}`)]
  const loaded = loadConfig(argv, { cwd: '/', env: {}, version: '0' })
  if (loaded.kind !== 'config') throw new Error(JSON.stringify(loaded))
  return loaded.config
}
