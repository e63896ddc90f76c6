// test/fuzz/targets/path-info.ts: PATH_INFO: percents decoded, dot segments removed.
import { writePathInfo } from '../../../gateway/uwsgi/path-info.ts'
import { pathInfoOf } from '../path-reader.ts'
import { type Target, wrong } from '../target.ts'

const OUT = Buffer.alloc(8_192)
const GUARD = 0x23
const AT = 8

export const pathInfo: Target = {
  name: 'path-info',
  asserts:
    'equal to decoding the path and walking its segments; not longer than its source, nothing written beside it, no dot segment left',
  seeds: () =>
    [
      '/',
      '/a/b',
      '//a//b//',
      '/a%41%20b',
      '/%25%34%31',
      '/../../etc/passwd',
      '/a/./b/../c',
      '/a%2f..%2fb',
      '/a/%252e%252e/b',
      '/.a/..b/...',
      '/a\\..\\b',
    ].map(path => Buffer.from(path)),
  hostile: () =>
    ['/a/..', '/..', '/.', '/%2e%2e', '/a', '//'].map(part =>
      Buffer.from(part.repeat(1_600).slice(0, 8_000)),
    ),
  dictionary: [
    '/',
    '.',
    '..',
    '/..',
    '/.',
    '/../',
    '%2e',
    '%2E',
    '%2f',
    '%2F',
    '%25',
    '%5c',
    '%ff',
    '//',
    '...',
    '%',
  ],
  mostBytes: 1_024,
  check(input, random) {
    const path = repaired(input)
    const hasPercent = path.includes('%')
    OUT.fill(GUARD, 0, AT)
    OUT.fill(GUARD, AT + input.length, AT + input.length + 8)
    const end = writePathInfo(input, 0, input.length, hasPercent || random.happens(0.5), OUT, AT)
    if (end > AT + input.length) wrong('longer than its source', end)
    for (let i = 0; i < 8; i++)
      if (OUT[i] !== GUARD || OUT[AT + input.length + i] !== GUARD) wrong('wrote beside it')
    const made = OUT.toString('latin1', AT, end)
    if (made !== pathInfoOf(path)) wrong('another path', { made, theirs: pathInfoOf(path) })
    if (/(?:^|\/)\.\.?(?:\/|$)/.test(made)) wrong('a dot segment is left', made)
    return Math.min(made.length, 32) + (hasPercent ? 64 : 0) + Math.min(path.split('..').length, 8) * 128
  },
  parse: input => void writePathInfo(input, 0, input.length, true, OUT, AT),
}

// As the request head lets paths through. In place, so that what is timed is right, too.
function repaired(input: Buffer): string {
  if (input.length > 0) input[0] = 47
  for (let p = 1; p < input.length; p++) {
    const byte = input[p]!
    if (byte <= 32 || byte >= 127 || byte === 35 || byte === 63) input[p] = 97
    else if (byte === 37 && !/^%(?!00)[0-9a-fA-F]{2}/.test(input.toString('latin1', p, p + 3))) input[p] = 98
  }
  return input.toString('latin1')
}
