// test/fuzz/targets/ini.ts: the text of ini files, split into sections, names and values, with placeholders filled in.
import type { Pair } from '../../../config/config.ts'
import { readIni } from '../../../config/ini.ts'
import { replaceMagic } from '../../../config/magic.ts'
import { expandPlaceholders } from '../../../config/placeholders.ts'
import { type Target, wrong } from '../target.ts'

const SECTIONS = ['sluice', 'uwsgi']
const VARIABLES = { d: '/etc/', n: 'a', '0': 'etc' }
const MOST_VALUE = 2 ** 20 + 65_536
const REFERENTS = {
  env: { HOME: '/root', A: '$(B)', B: '$(A)', C: '%(a)' },
  isFixed: ({ name }: Pair) => name === 'ini',
  mayLeaveNames: () => false,
  read: (name: string) =>
    name === 'f' ? { text: 'file\n' } : { problem: `cannot read "${name}"`, remedy: 'Correct it' },
}

export const ini: Target = {
  name: 'ini',
  asserts:
    'the lines of the sections asked for, as a second reader splits them, each with its number; placeholders end in values below a bound, or in problems with a place',
  seeds: () =>
    [
      '[sluice]\nhttp = :8080\nhttp-to = 127.0.0.1:3000\n',
      '[uwsgi]\r\na=1\r\n;c\r\n# d\r\n[x]\nb = 2\n[sluice]\nc',
      'a = 1\n[sluice\nb=%d%n.x %% %q %(a)',
      '[sluice]\na=%(b)\nb=%(c)1\nc=$(HOME)@(f)\nd=%(e 1 + 2 * e)\ne=5\n',
      '[sluice]\na=%(b)\nb=%(a)\nx=$(A) @(none)',
    ].map(text => Buffer.from(text)),
  hostile: () => [
    Buffer.from(`[sluice]\n${'a=1\n'.repeat(16_000)}`),
    Buffer.from(`[sluice]\na = b${' '.repeat(64_000)}c\n`),
    Buffer.from(`[sluice]\na = ${'%('.repeat(32_000)}\n`),
    Buffer.from(`[sluice]\na = ${'%('.repeat(90)}${')'.repeat(90)}\n`.repeat(300)),
    Buffer.from(
      `[sluice]\n${Array.from({ length: 60 }, (_, i) => `a${i}=%(a${i + 1})%(a${i + 1})`).join('\n')}\na60=x\n`,
    ),
  ],
  dictionary: ['\n', '\r\n', '[', ']', '[sluice]\n', '[uwsgi]\n', '[x]\n', '=', ' = ', ';', '#', '%', '%%', '%(', '$(', '@(', ')', '%(a)', '%(b)', '$(HOME)', '$(A)', '@(f)', '%d', '%q', ' ', '\t', '++', '--', ' + ', ' * ', ' / 0', '9'.repeat(20), 'a=', 'b=', 'ini=', '__proto__=', '\xef\xbb\xbf', '\xe2\x80\xa8'], // biome-ignore format: one list
  mostBytes: 320,
  check(input) {
    const text = input.toString()
    const read = readIni(text, SECTIONS, magic)
    const theirs = readAgain(text)
    const ours = read.lines.map(({ line, name, value }) => `${line} ${name}=${value}`).join('\n')
    if (ours !== theirs) wrong('other lines', { ours, theirs })
    if (read.faults.some(fault => fault.line < 1 || fault.problem === '' || fault.remedy === ''))
      wrong('a fault without place or words', read.faults)
    const { pairs, problems, warnings } = expandPlaceholders(pairsOf(read.lines), REFERENTS)
    if (pairs.length !== read.lines.length) wrong('lines were lost', pairs)
    if (pairs.some(({ value }) => value !== null && value.length > MOST_VALUE))
      wrong('a value without bounds')
    for (const { place, problem, remedy } of [...problems, ...warnings]) {
      if (place.line < 1 || problem === '' || remedy === '')
        wrong('a problem without place or words', problem)
    }
    return (
      Math.min(pairs.length, 9) +
      16 * Math.min(problems.length, 3) +
      64 * Math.min(warnings.length, 3) +
      256 * Math.min(read.faults.length, 3)
    )
  },
  parse(input) {
    expandPlaceholders(pairsOf(readIni(input.toString(), SECTIONS, magic).lines), REFERENTS)
  },
}

const magic = (text: string): string => replaceMagic(text, VARIABLES, () => {})

function pairsOf(lines: readonly { line: number; name: string; value: string }[]): Pair[] {
  return lines.map(({ line, name, value }) => ({ name, value, place: { file: 'a.ini', line } }))
}

function readAgain(text: string): string {
  const lines: string[] = []
  let isOurs = false
  for (const [i, raw] of text.split('\n').entries()) {
    const line = cut(raw)
    if (/^[;#]/.test(line) || line === '') continue
    if (line.startsWith('[')) {
      isOurs = SECTIONS.includes(cut(magic(line)).slice(1, -1))
    } else if (isOurs) {
      const [name = '', ...value] = magic(line).split('=')
      lines.push(`${i + 1} ${cut(name)}=${cut(value.join('='))}`)
    }
  }
  return lines.join('\n')
}

function cut(text: string): string {
  let [from, to] = [0, text.length]
  while (from < to && ' \t\r'.includes(text[from]!)) from++
  while (to > from && ' \t\r'.includes(text[to - 1]!)) to--
  return text.slice(from, to)
}
