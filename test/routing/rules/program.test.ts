// test/routing/rules/program.test.ts: a program decides as the plain reading of its rules does, one by one, whatever it skips:
// random rules of all chains, random requests. `npm run long:rules` tries more of them.
import fc from 'fast-check'
import t from 'tap'
import { ANSWER, ASKS, type Decision, PASS } from '../../../routing/decision.ts'
import { ASK } from '../../../routing/rules/ask.ts'
import { indexOf } from '../../../routing/rules/chain-index.ts'
import { makeProgram } from '../../../routing/rules/program.ts'
import { Run } from '../../../routing/rules/run.ts'
import { answerOf, FakeRequest, FakeWorld, readRules } from '../../support/rules.ts'
import {
  type Action,
  lineOf,
  Plain,
  type PlainRequest,
  type Spec,
  type Test,
  type Words,
} from './one-by-one.ts'

const CASES = Number(process.env.CASES ?? 6_000)
const TIMEOUT_MS = 20_000 + CASES * 5

const NAMES_OF_DECISIONS: Readonly<Record<Decision, string>> = {
  0: 'pass',
  1: 'answer',
  2: 'silence',
  3: 'asks',
}

// Few of everything, so that rules meet.
const WORDS = ['a', 'b', 'ab', 'admin', 'user', 'x1', '7', '2026', 'img', 'shop']
const NAMES = ['A', 'B', 'N', 'PATH_INFO', 'QUERY_STRING', 'REMOTE_USER', 'HTTP_X_A', 'HTTP_X_B', 'NOPE']
const LABELS = ['one', 'two', 'three']
const SUBJECTS = ['path', 'uri', 'query', 'host', 'address', 'agent', 'referer', 'user', 'method']

const word = fc.constantFrom(...WORDS)
const line = fc.constantFrom('', '', '', '\n', '\r\n')

const piece = fc.oneof(
  { weight: 3, arbitrary: word },
  { weight: 1, arbitrary: fc.record({ group: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ variable: fc.constantFrom(...NAMES) }) },
  { weight: 1, arbitrary: fc.record({ item: fc.constantFrom('a', 'b') }) },
)
const words: fc.Arbitrary<Words> = fc.array(piece, { minLength: 1, maxLength: 3 })

// What a pattern has to find it by, and what it has not.
const regex = fc
  .record({
    anchor: fc.constantFrom('', '^', '^/', '/'),
    parts: fc.array(
      fc.oneof(
        { weight: 4, arbitrary: word },
        { weight: 2, arbitrary: word.map(text => `/${text}`) },
        {
          weight: 2,
          arbitrary: fc.constantFrom(
            '.',
            '.*',
            '[ab]',
            '(a|b)',
            '(ab)?',
            '\\d+',
            '(?:img|shop)',
            '([^/]*)',
            '\\.',
            '=',
          ),
        },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            '/[a-z]+',
            '/(\\w+)',
            '/(\\d+)',
            '[0-9]{4}',
            '[a-z]{2,}',
            '\\w{1,3}',
            '[a-z]{3}?/',
            '(?:a|b)x?',
          ),
        },
      ),
      { minLength: 1, maxLength: 3 },
    ),
    end: fc.constantFrom('', '', '', '$'),
  })
  .map(({ anchor, parts, end }) => anchor + parts.join('') + end)

const match: fc.Arbitrary<Test> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('match' as const), subject: fc.constant('path'), regex }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('match' as const),
      subject: fc.constantFrom(...SUBJECTS),
      regex,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('match' as const),
      subject: fc.constantFrom('header', 'cookie'),
      name: fc.constantFrom('x-a', 'x-b'),
      regex,
    }),
  },
)

const condition: fc.Arbitrary<Test> = fc
  .record({
    isNegated: fc.boolean(),
    name: fc.constantFrom('equal', 'startswith', 'contains', 'ishigher', 'empty', 'exists'),
    left: words,
    right: words,
  })
  .map(test => ({ kind: 'if' as const, ...test, left: ungrouped(test.left), right: ungrouped(test.right) }))

const search: fc.Arbitrary<Test> = fc
  .record({ isNegated: fc.boolean(), left: words, regex })
  .map(({ isNegated, left, regex: pattern }) => ({
    kind: 'if' as const,
    isNegated,
    name: 'regexp',
    left: ungrouped(left),
    right: [pattern],
  }))

// Operands have no captures to fill in; a semicolon would end the first.
function ungrouped(pieces: Words): Words {
  return pieces.filter(each => typeof each === 'string' || !('group' in each))
}

const test: fc.Arbitrary<Test> = fc.oneof(
  { weight: 8, arbitrary: match },
  { weight: 2, arbitrary: condition },
  { weight: 1, arbitrary: search },
  { weight: 1, arbitrary: fc.constant({ kind: 'always' as const }) },
  { weight: 2, arbitrary: fc.constantFrom(...LABELS).map(label => ({ kind: 'label' as const, label })) },
)

const action = (name: string, head: fc.Arbitrary<string> = fc.constant('')): fc.Arbitrary<Action> =>
  fc.record({ name: fc.constant(name), head, words })
const bare = (name: string, head: fc.Arbitrary<string> = fc.constant('')): fc.Arbitrary<Action> =>
  fc.record({ name: fc.constant(name), head, words: fc.constant([]) })
// Where a text alone would have to be a number.
const endingInVariable = (each: Action): Action => ({ ...each, words: [...each.words, { variable: 'N' }] })
const weighted = (weight: number, arbitrary: fc.Arbitrary<Action>) => ({ weight, arbitrary })

const acts: fc.Arbitrary<Action> = fc.oneof(
  weighted(6, action('addvar', fc.constantFrom('A=', 'B=', 'N=', 'PATH_INFO=', 'HTTP_X_A='))),
  weighted(3, action('setpathinfo', fc.constantFrom('/', '/admin/'))),
  weighted(1, action('seturi', fc.constant('/'))),
  weighted(1, action('setuser')),
  weighted(1, action('setremoteaddr')),
  weighted(1, bare('setmethod', fc.constantFrom('PUT', 'a'))),
  weighted(2, action('rewrite', fc.constantFrom('/', '/shop/'))),
  weighted(1, bare('rewrite', fc.constantFrom('/img/a?b=7', '/x1?a'))),
  weighted(1, bare('rewrite-last', fc.constantFrom('/img/a?b=7', '/x1'))),
  weighted(2, action('set-header', fc.constantFrom('X-A: ', 'X-B: '))),
  weighted(1, bare('remove-header', fc.constantFrom('X-A', 'X-B'))),
  weighted(3, action('addheader', fc.constantFrom('X-O: ', 'X-P: '))),
  weighted(1, bare('delheader', fc.constantFrom('X-O', 'Location', 'Content-Type'))),
  weighted(3, bare('goto', fc.constantFrom(...LABELS))),
  weighted(2, action('goto')),
  weighted(1, action('key', fc.constant('k-'))),
  weighted(
    1,
    bare('+', fc.constantFrom('A,', 'N,')).map(each => ({ ...each, words: ['-2'] })),
  ),
  weighted(1, action('+', fc.constantFrom('A,', 'N,')).map(endingInVariable)),
  weighted(1, action('log')),
  weighted(1, bare('last')),
  weighted(1, bare('break', fc.constantFrom('', '403'))),
  weighted(1, bare('return', fc.constantFrom('403', '404', '410'))),
  weighted(1, action('redirect', fc.constant('/'))),
  weighted(1, bare('clearheaders', fc.constantFrom('503', '200'))),
  weighted(1, action('send')),
)

const requestRule: fc.Arbitrary<Spec> = fc.record({
  chain: fc.constant('request' as const),
  test,
  action: acts,
})
const laterTest: fc.Arbitrary<Test> = fc.oneof(
  { weight: 2, arbitrary: test },
  {
    weight: 1,
    arbitrary: fc.constantFrom(200, 302, 403, 404, 503).map(status => ({ kind: 'status' as const, status })),
  },
)
const laterRule: fc.Arbitrary<Spec> = fc
  .record({
    chain: fc.constantFrom('error' as const, 'response' as const, 'final' as const),
    test: laterTest,
    action: acts,
  })
  .filter(spec => mayStand(spec))

// Actions of the request have no place behind it, and nothing is answered when all was sent.
function mayStand({ chain, action: { name } }: Spec): boolean {
  if (['set-header', 'remove-header', 'key'].includes(name)) return false
  return chain !== 'final' || !['addheader', 'delheader', 'redirect', 'clearheaders', 'send'].includes(name)
}

const specs = fc
  .tuple(
    fc.oneof(
      fc.array(requestRule, { minLength: 1, maxLength: 12 }),
      // Enough for an index.
      fc.array(requestRule, { minLength: 30, maxLength: 50 }),
    ),
    fc.array(laterRule, { maxLength: 12 }),
    fc.constantFrom(
      'path',
      'path',
      'uri',
      'query',
      'agent',
      'user',
      'header',
      'cookie',
      'HTTP_X_A',
      'A',
      'REQUEST_METHOD',
    ),
  )
  .map(([first, then, favourite]) =>
    withoutLost([...first.map((rule, i) => on(favourite, rule, i)), ...then]),
  )

// Most rules of a set ask for the same, so that its index is worthwhile.
function on(subject: string, rule: Spec, i: number): Spec {
  if (i % 3 === 0 || rule.test.kind !== 'match') return rule
  const { kind, regex: pattern } = rule.test
  if (/^[A-Z]/.test(subject)) {
    const texts = ['', 'a', 'b', 'GET', 'PUT', '/admin', 'shop']
    return {
      ...rule,
      test: {
        kind: 'if',
        isNegated: false,
        name: 'equal',
        left: [{ variable: subject }],
        right: [texts[i % texts.length]!],
      },
    }
  }
  const isNamed = subject === 'header' || subject === 'cookie'
  return { ...rule, test: { kind, subject, regex: pattern, ...(isNamed ? { name: 'x-a' } : {}) } }
}

// A goto to a label that is not further down is refused at load, and a computed one may begin with a digit; a label stands once.
function withoutLost(all: readonly Spec[]): Spec[] {
  const unique = all.filter((spec, i) => {
    const { test: own } = spec
    if (own.kind !== 'label') return true
    return !all
      .slice(0, i)
      .some(each => each.chain === spec.chain && each.test.kind === 'label' && each.test.label === own.label)
  })
  return unique.filter((spec, i) => {
    const { action: own } = spec
    if (own.name !== 'goto' || spec.test.kind === 'label') return true
    if (own.words.some(each => typeof each !== 'string'))
      return typeof own.words[0] !== 'string' || !/^\d/.test(own.words[0])
    const label = own.head + own.words.join('')
    return unique
      .slice(i + 1)
      .some(each => each.chain === spec.chain && each.test.kind === 'label' && each.test.label === label)
  })
}

const path = fc.array(word, { maxLength: 4 }).map(parts => `/${parts.join('/')}`)
const query = fc
  .array(fc.record({ name: fc.constantFrom('a', 'b'), value: word }), { maxLength: 2 })
  .map(items => items.map(({ name, value }) => `${name}=${value}`).join('&'))
const plainRequest: fc.Arbitrary<PlainRequest> = fc
  .record({
    path,
    query,
    end: line,
    method: fc.constantFrom('GET', 'POST', 'a'),
    host: fc.constantFrom('shop', 'a.b', 'admin:80'),
    agent: fc.option(fc.oneof(word, fc.constant('ab'.repeat(5_000))), { nil: undefined, freq: 3 }),
    referer: fc.option(path, { nil: undefined }),
    a: fc.option(fc.oneof(path, word, fc.constant('/ab'.repeat(3_000))), { nil: undefined, freq: 4 }),
    b: fc.option(word, { nil: undefined }),
    user: fc.option(word, { nil: undefined }),
    cookie: fc.option(word, { nil: undefined }),
    file: word,
  })
  .map(made => ({
    variables: defined({
      PATH_INFO: made.path + made.end,
      REQUEST_URI: made.query === '' ? made.path : `${made.path}?${made.query}`,
      QUERY_STRING: made.query,
      REQUEST_METHOD: made.method,
      REMOTE_ADDR: '10.7.0.1',
      REMOTE_USER: made.user,
    }),
    fields: defined({
      host: made.host,
      'user-agent': made.agent,
      referer: made.referer,
      'x-a': made.a,
      'x-b': made.b,
      cookie: made.cookie === undefined ? undefined : `x-a=${made.cookie}`,
    }),
    cookies: defined({ 'x-a': made.cookie }),
    files: [made.file],
  }))

function defined(record: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).filter((pair): pair is [string, string] => pair[1] !== undefined),
  )
}

t.test('programs decide as rules do that are read one by one', { timeout: TIMEOUT_MS }, async t => {
  let skipped = 0
  fc.assert(
    fc.property(
      specs,
      fc.array(plainRequest, { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      (rules, asked, knows) => {
        skipped += compare(rules, asked, knows)
      },
    ),
    { numRuns: Math.ceil(CASES / 4.5), includeErrorInReport: true },
  )
  t.ok(skipped > CASES, `${skipped} rules were not tried`)
})

// Returns how many rules were skipped.
function compare(rules: readonly Spec[], asked: readonly PlainRequest[], knowsFiles: boolean): number {
  const { picture } = readRules(rules.map(lineOf))
  const chains = Object.fromEntries(
    Object.entries(picture.chains).map(([name, { rules: own }]) => [
      name,
      { rules: own, index: indexOf(own) },
    ]),
  )
  const program = makeProgram({ ...picture, chains })
  const world = new FakeWorld()
  let run: Run | null = null
  let skipped = 0
  for (const request of asked) {
    const source = new FakeRequest({ fields: request.fields, variables: request.variables })
    run ??= new Run(world, program, source)
    world.lines.length = 0
    world.files.clear()
    world.knowsFiles = knowsFiles
    for (const file of request.files) world.files.set(`exists ${file}`, 1)
    let tried = 0
    run.trace = { tried: (_chain, _number, found) => (tried += found === ASK ? 0 : 1), wrote() {} }
    const plain = new Plain(rules, request)
    const seen = lifeOf(run, program, source, world)
    const wanted = plainLife(plain)
    if (JSON.stringify(seen) !== JSON.stringify(wanted)) {
      throw new Error(
        `${JSON.stringify(seen)}\ninstead of\n${JSON.stringify(wanted)}\nby\n${rules.map(lineOf).join('\n')}\nfor\n${JSON.stringify(request)}`,
      )
    }
    skipped += plain.tried - tried
  }
  return skipped
}

function lifeOf(
  run: Run,
  program: ReturnType<typeof makeProgram>,
  source: FakeRequest,
  world: FakeWorld,
): unknown[] {
  run.begin(program, source)
  let decision = run.decide()
  while (decision === ASKS) {
    const { path: file, question } = run.ask!.data as { path: string; question: 'exists' }
    decision = run.resume(world.file(file, question))
  }
  const life: unknown[] = [NAMES_OF_DECISIONS[decision], run.key, sorted(run.variables ?? [])]
  if (decision === PASS) {
    decision = run.judge(answerOf(404))
    life.push(NAMES_OF_DECISIONS[decision])
    if (decision === PASS) life.push(run.status, run.added ?? [], run.removed ?? [])
  }
  if (decision === ANSWER) {
    const { status, reason, body, fields, closes } = run.reply
    life.push({ status, reason, body, fields, closes })
  }
  run.finish()
  life.push(
    sorted(run.variables ?? []),
    world.lines.filter(text => !text.includes('goto found')),
  )
  return life
}

function plainLife(plain: Plain): unknown[] {
  let decision = plain.request()
  const life: unknown[] = [decision, plain.key, sorted(Object.entries(plain.written))]
  if (decision === 'pass') {
    decision = plain.judge(404)
    life.push(decision)
    if (decision === 'pass') life.push(plain.status, [...plain.lines], [...plain.removed])
  }
  if (decision === 'answer') {
    const { status, reason, body, fields, closes } = plain.reply
    life.push({ status, reason, body, fields: [...fields], closes })
  }
  plain.finish()
  life.push(sorted(Object.entries(plain.written)), plain.logged)
  return life
}

function sorted(pairs: Iterable<[string, string]>): [string, string][] {
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

// Rules by the dozen that match nothing here, for an index to leave out.
const others = (option: string): string[] =>
  Array.from({ length: 12 }, (_, i) => `${option} ^/other/${i}$ return:500`)

function valuesOf(lines: readonly string[], request: Partial<PlainRequest>): (string | undefined)[] {
  const { picture } = readRules(lines)
  const rules = picture.chains.request!.rules
  const index = indexOf(rules)
  if (index === null) throw new Error('these rules are worth an index')
  const program = makeProgram({ ...picture, chains: { request: { rules, index: structuredClone(index) } } })
  const source = new FakeRequest(request)
  const run = new Run(new FakeWorld(), program, source)
  run.begin(program, source)
  run.decide()
  return ['A', 'B', 'C'].map(name => run.read(name))
}

for (const [option, write] of [
  ['route =', 'setpathinfo:/new'],
  ['route-uri =', 'seturi:/new'],
  ['route-header = x-a', 'set-header:X-A: /new'],
  ['route-header = x-a', 'addvar:HTTP_X_A=/new'],
  ['route-remote-user =', 'setuser:/new'],
] as const) {
  t.test(`an indexed "${option}" finds what "${write}" wrote`, async t => {
    const lines = [
      ...others(option),
      `${option} ^/old addvar:A=1`,
      `route-run = ${write}`,
      ...others(option),
      `${option} ^/old addvar:B=1`,
      `${option} ^/new$ addvar:C=1`,
    ]
    const fields = { 'x-a': '/old' }
    t.same(
      valuesOf(lines, { fields, variables: { PATH_INFO: '/old', REQUEST_URI: '/old', REMOTE_USER: '/old' } }),
      ['1', undefined, '1'],
    )
  })
}

t.test('texts that are the only ones are found with a newline behind, too', async t => {
  const lines = [
    ...others('route ='),
    'route = ^/one$ addvar:A=1',
    'route = ^/one\\z addvar:B=1',
    'route = ^/one$ addvar:C=1',
  ]
  t.same(valuesOf(lines, { variables: { PATH_INFO: '/one\n' } }), ['1', undefined, '1'])
  t.same(valuesOf(lines, { variables: { PATH_INFO: '/one' } }), ['1', '1', '1'])
})

t.test(
  'comparisons of a variable with texts are found by them, as they are written, and by what rules wrote',
  async t => {
    const many = Array.from({ length: 12 }, (_, i) => `route-if = equal:\${HTTP_HOST};h${i} return:500`)
    const lines = [
      ...many,
      'route-if = equal:${HTTP_HOST};Shop addvar:A=1',
      'route-if = equal:${HTTP_HOST};shop addvar:A=2',
      'route-if = equal:${HTTP_HOST};Shop set-header:Host: other',
      ...many,
      'route-if = equal:${HTTP_HOST};Shop addvar:B=1',
      'route-if = equal:${HTTP_HOST};other addvar:B=2',
      'route-if = equal:${HTTP_HOST};other remove-header:Host',
      'route-if = equal:${HTTP_HOST};other addvar:C=1',
      'route-if = equal:${HTTP_HOST}; addvar:C=2',
    ]
    const variables = { HTTP_HOST: 'Shop' }
    t.same(valuesOf(lines, { fields: { host: 'Shop' }, variables }), ['1', '2', '2'])
    const index = indexOf(readRules(lines).picture.chains.request!.rules)!
    t.same([...index.always], [], 'each is in the index')
    t.equal(index.subjects[0]!.rules.length, lines.length)
  },
)

t.test('other comparisons are tried as they are', async t => {
  const rulesOf = (lines: readonly string[]) => readRules(lines).picture.chains.request!.rules
  for (const test of [
    'route-if-not = equal:${HTTP_HOST};h',
    'route-if = equal:${HTTP_HOST}x;h',
    'route-if = equal:${HTTP_HOST};${REQUEST_METHOD}',
    'route-if = equal:${cookie[a]};h',
    'route-if = startswith:${HTTP_HOST};h',
  ])
    t.equal(indexOf(rulesOf(Array.from({ length: 40 }, () => `${test} return:500`))), null, test)
})

t.test('patterns that only ask for a slash are tried as they are: an index would find them all', async t => {
  const rulesOf = (lines: readonly string[]) => readRules(lines).picture.chains.request!.rules
  const vague = Array.from({ length: 40 }, (_, i) => `route = ^/[a-z]{${i + 4}}/[0-9]+$ return:500`)
  t.equal(indexOf(rulesOf(vague)), null)
  const index = indexOf(rulesOf([...vague, ...others('route =')]))!
  t.same([...index.always], [...vague.keys()])
  t.ok(indexOf(rulesOf(vague.map(line => line.replace('route =', 'route-qs =')))), 'a query may have none')
})
