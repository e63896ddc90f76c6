// test/routing/rules/template.test.ts: what arguments with captures, variables and functions come out as.
import t from 'tap'
import { constantOf, groupsIn, readTemplate } from '../../../routing/rules/template.ts'
import { type Asked, FakeWorld, readRules, refusalOf, runRules } from '../../support/rules.ts'

// Under `route = ^/a/(.)(x)?$` with the path /a/b; X is "x", CURLY is "${X}".
const FILLED: readonly (readonly [string, string])[] = [
  ['plain', 'plain'],
  ['', ''],
  ['[$0|$1|$2|$3|$9]', '[/a/b|b|||]'],
  ['$10', 'b0'],
  ['$$1', '$$1'],
  ['$$$1', '$$b'],
  ['$x$ y', '$x$ y'],
  ['ends with $', 'ends with $'],
  ['${X}', 'x'],
  ['$${X}', '$x'],
  ['a${X}b${X}c', 'axbxc'],
  ['${x}', ''],
  ['${NOPE}|', '|'],
  ['{${X}|${X', '{x|${X'],
  ['${X $1', '${X b'],
  ['${1}', ''],
  ['${CURLY}', '${X}'],
  ['${cookie[sid]}|${cookie[q]}|${cookie[none]}|${cookie[Sid]}', 'abc|"q v"||'],
  ['${qs[a]}|${qs[e]}|${qs[n]}|${qs[]}', '%20x|||'],
  ['${qs[empty]}|', '|'],
  ['${nope[a]}|', '|'],
  ['${uwsgi[status]}', '500'],
  ['${uwsgi[pid]}/${uwsgi[wid]}/${uwsgi[lq]}', '42/0/0'],
  ['${uwsgi[uuid]}', '00000000-0000-4000-8000-000000000000'],
  ['${uwsgi[sor]}', '1000000000000000'],
  ['${uwsgi[rsize]}|${uwsgi[rtime]}', '0|600000000000000'],
  ['${time[unix]} ${time[micros]}', '1600000000 1600000000000000'],
  ['${httptime[]}', 'Sun, 13 Sep 2020 12:26:40 GMT'],
  ['${httptime[60]}', 'Sun, 13 Sep 2020 12:27:40 GMT'],
  ['${httptime[-60]}', 'Sun, 13 Sep 2020 12:25:40 GMT'],
  ['${mime[FILE]}|${mime[NOPE]}', 'text/html|'],
  ['${base64[FILE]}|${hex[FILE]}|${hex[NOPE]}', 'L3gveS5odG1s|2F782F792E68746D6C|'],
  ['${upper[FILE]}|${lower[UMLAUT]}', '/X/Y.HTML|a\u00c4z'],
  ['${metric[hits]}|${metric[nope]}', '7|0'],
  ['${math[1+2*3]}|${math[(1 + 2) * 3]}|${math[7/2]}|${math[-7/2]}|${math[7 % 4]}', '7|9|3|-3|3'],
  ['${math[N*2-X]}|${math[1/0]}|${math[--2]}|${math[N % 0]}', '84|0|2|0'],
  ['\u00e4', '\u00c3\u00a4'],
]

const REQUEST: Asked = {
  uri: '/a/b?e&a=%20x&a=2&empty=',
  fields: { cookie: 'z=1; sid=abc; q="q v"' },
  variables: { X: 'x', CURLY: '${X}', FILE: '/x/y.html', UMLAUT: 'A\u00c4Z', N: '42' },
}

for (const [template, result] of FILLED) {
  t.test(`"${template}" comes out as "${result}"`, async t => {
    const world = new FakeWorld()
    world.metrics.set('hits', 7)
    const { run } = runRules([`route = ^/a/(.)(x)?$ addvar:OUT=${template}`], REQUEST, world)
    t.equal(run.read('OUT'), result)
  })
}

t.test('what is filled in is never looked at again', async t => {
  const lines = ['route-run = addvar:SECRET=s3cr3t', 'route = ^/r/(.*) addvar:OUT=$1']
  t.equal(runRules(lines, { path: '/r/${SECRET}$1' }).run.read('OUT'), '${SECRET}$1')
})

t.test('rules without a regular expression have no captures, whatever matched before', async t => {
  const lines = [
    'route = ^/(.) addvar:A=$1',
    'route-run = addvar:OUT=[$0$1]',
    'route-if = empty: addvar:IF=[$0]',
  ]
  const { run } = runRules(lines, { uri: '/x' })
  t.equal(run.read('OUT'), '[]')
  t.equal(run.read('IF'), '[]')
})

t.test('unknown functions and captures within braces are warned of', async t => {
  const { warnings } = readRules(['route-run = addvar:A=${geoip[country]}${qs[$1]}${NAME}'])
  t.equal(warnings.length, 2)
  t.match(warnings[0], /geoip/)
})

for (const wrong of [
  '${httptime[x]}',
  '${math[1+]}',
  '${math[(1]}',
  '${math[1 2]}',
  '${math[#]}',
  '${uwsgi[no]}',
  '${time[no]}',
]) {
  t.test(`${wrong} is refused at load`, async t => {
    t.match(
      refusalOf(() => readTemplate(wrong, { warn() {} })),
      { remedy: /Write/ },
    )
  })
}

t.test('a template without anything to fill in is its text; one with captures says so', async t => {
  const read = (text: string) => readTemplate(text, { warn() {} })
  t.equal(constantOf(read('text')), 'text')
  t.equal(constantOf(read('')), '')
  t.equal(constantOf(read('${X}')), null)
  t.same([...groupsIn({ deep: [{ data: read('a$1$0') }, 1] })], [1, 0])
  t.same([...groupsIn({ deep: [{ data: read('a${X}') }] })], [])
})
