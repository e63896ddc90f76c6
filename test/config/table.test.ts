// test/config/table.test.ts: every name is somebody's: ours with a word on what it does, or uWSGI's with one on why not.
import t from 'tap'
import { refuseForeign, remedyOf } from '../../config/foreign.ts'
import { FOREIGN, GROUPS, knownName, OPTIONS, shortName, UNRELEASED } from '../../config/table.ts'
import { folderOf, problemsOf } from './folder.ts'

const uwsgi = new Set(FOREIGN.map(({ name }) => name))

t.test('no option marked ours has a name of uWSGI', async t => {
  const taken = Object.entries(OPTIONS).filter(([name, option]) => {
    return option.ours && [name, ...option.aliases].some(each => uwsgi.has(each))
  })
  t.strictSame(taken, [])
})

t.test('every name that is not marked ours is one of uWSGI', async t => {
  const invented = Object.entries(OPTIONS).flatMap(([name, option]) => {
    return option.ours ? [] : [name, ...option.aliases].filter(each => !uwsgi.has(each))
  })
  t.strictSame(invented, [])
})

t.test('our options take a value on the command line where those of uWSGI do', async t => {
  const others = FOREIGN.filter(
    ({ name, value }) => knownName(name)!.ours && knownName(name)!.argument !== value,
  )
  t.strictSame(
    others.map(({ name }) => name),
    [],
  )
})

t.test('short letters mean what they mean to uWSGI', async t => {
  for (const { name, short } of FOREIGN) {
    if (short !== undefined) t.ok(shortName(short), `-${short} (${name})`)
  }
  for (const [letter, name] of [...'slMLhSTp'].map((letter, i) => {
    return [
      letter,
      ['socket', 'listen', 'master', 'disable-logging', 'help', 'set', 'enable-threads', 'processes'][i],
    ]
  })) {
    t.equal(shortName(letter!)?.name, name)
  }
})

t.test('no two of our options share a name or a letter', async t => {
  const names = Object.entries(OPTIONS).flatMap(([name, { aliases }]) => [name, ...aliases])
  const letters = Object.values(OPTIONS).flatMap(({ short }) => short ?? [])
  t.equal(new Set(names).size, names.length)
  t.equal(new Set(letters).size, letters.length)
})

t.test('every option stands in one group', async t => {
  const grouped = GROUPS.flatMap(({ options }) => Object.keys(options))
  t.strictSame(grouped.toSorted(), Object.keys(OPTIONS).toSorted())
})

t.test('each of the 1237 names of uWSGI, and those of 2.1, is ours, or refused in a sentence', async t => {
  t.equal(FOREIGN.length, 1237)
  for (const foreign of [...FOREIGN, ...UNRELEASED]) {
    if (knownName(foreign.name)!.ours) continue
    const remedy = remedyOf(foreign)
    if (remedy === null || !/^[A-Z].*[^.]$/.test(remedy)) t.fail(`${foreign.name}: ${remedy}`)
    const { problem } = refuseForeign(foreign)
    if (!/^option "[^"]+" is not supported( yet)?$/.test(problem)) t.fail(problem)
  }
})

t.test('no name that is ours is among those refused', async t => {
  const both = FOREIGN.filter(foreign => knownName(foreign.name)!.ours && remedyOf(foreign) !== null)
  t.strictSame(
    both.map(({ name }) => name),
    [],
  )
})

t.test('each of them, written in a file, is read or refused at its line', async t => {
  const names = FOREIGN.filter(({ name }) => !knownName(name)!.ours).map(({ name }) => name)
  const folder = folderOf(t, {
    'a.ini': `[uwsgi]\nhttp = :0\n${names.map(name => `${name} = 1`).join('\n')}\n`,
  })
  const problems = problemsOf(folder.load('a.ini'))
  t.equal(problems.length, names.length)
  for (const [i, problem] of problems.entries()) {
    if (!problem.startsWith(`a.ini:${i + 3}: `) || !/ (is|are) not supported/.test(problem)) t.fail(problem)
  }
})

t.test('defaults are values that one could write', async t => {
  for (const [name, option] of Object.entries(OPTIONS)) {
    const fallback = option.default
    if (typeof fallback === 'string') t.ok(option.kind.schema.safeParse(fallback).success, name)
    if (typeof fallback === 'object' && fallback !== null && 'sameAs' in fallback)
      t.ok(knownName(fallback.sameAs)?.ours, name)
  }
})
