// test/fuzz/targets/log-template.ts: log-format and log-strftime as people write them.
import { templateLine, unknownNames } from '../../../stats/log-template.ts'
import { strftime } from '../../../stats/strftime.ts'
import { sampleEntry } from '../../stats/sample-entry.ts'
import { type Target, wrong } from '../target.ts'

const ENTRY = { ...sampleEntry, userAgent: 'u"\n' }
const DATE = new Date(1.7e12)

export const logTemplate: Target = {
  name: 'log-template',
  asserts: 'any template and any form of a date prints one line; text outside %(…) stays as it is',
  seeds: () =>
    [
      '%(addr) - %(user) [%(ltime)] "%(method) %(uri) %(proto)" %(status) %(size)',
      '{"u":"%(uri)","v":"%(var.HTTP_X)"}',
      '%(ftime) %(metric.x) %% %x %(',
      '[pid: %(pid)] %(micros) %(nothing)',
      '%Y-%m-%dT%H:%M:%S%z %c %Q',
    ].map(text => Buffer.from(text)),
  hostile: () =>
    ['%(', '%(uri)', '%(var.X)', '%(a', '%c', '%', '('].map(part => Buffer.from(part.repeat(2_000))),
  dictionary: [
    '%(',
    ')',
    '%(uri)',
    '%(var.X)',
    '%(ftime)',
    '%(__proto__)',
    '%(constructor)',
    '%(toString)',
    '%%',
    '%',
    '%c',
    '%n',
    '%t',
    '\n',
    '\r',
    '{',
    '"',
    '\xe2\x80\xa8',
    '\xff',
  ],
  mostBytes: 256,
  check(input) {
    const text = input.toString()
    const { toLine, needs } = templateLine(text, text, 1)
    const line = toLine({ ...ENTRY, values: needs.variables.map(() => 'v\n') })
    if (!line.endsWith('\n') || line.slice(0, -1).includes('\n') || line.includes('\r'))
      wrong('not one line', line)
    const unknown = unknownNames(text)
    if (unknown.some(name => typeof name !== 'string' || !text.includes(`%(${name})`)))
      wrong('unknown names that are not there', unknown)
    if (!text.includes('%(') && line !== Buffer.from(`${text.replace(/[\r\n]/g, ' ')}\n`).toString('latin1'))
      wrong('plain text changed', line)
    const printed = strftime(text)(DATE)
    if (!text.includes('%') && printed !== text) wrong('a plain date changed', printed)
    return (
      Math.min(needs.variables.length, 8) + 16 * Math.min(unknown.length, 8) + (needs.hasCommon ? 256 : 0)
    )
  },
  parse(input) {
    const text = input.toString()
    templateLine(text, text, 1)
    unknownNames(text)
  },
}
