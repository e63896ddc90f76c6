// test/config/argv.test.ts: how the words of a command line become options and files.
import t from 'tap'
import { splitArguments } from '../../config/argv.ts'

for (const [behaviour, argv, pairs, files] of [
  [
    'a value follows or is attached',
    ['--http', ':1', '--http=:2'],
    [
      ['http', ':1'],
      ['http', ':2'],
    ],
    [],
  ],
  [
    'an attached value may be empty, or hold "="',
    ['--env=A=', '--pidfile='],
    [
      ['env', 'A='],
      ['pidfile', ''],
    ],
    [],
  ],
  ['a value may begin with a dash', ['--access-log', '-'], [['access-log', '-']], []],
  ['a switch takes no word after it', ['--master', 'a.ini'], [['master', null]], ['a.ini']],
  [
    'an optional value counts only when attached',
    ['--http-keepalive', '30', '--http-keepalive=30'],
    [
      ['http-keepalive', null],
      ['http-keepalive', '30'],
    ],
    ['30'],
  ],
  [
    'letters are stored under the first name that has them',
    ['-l', '5', '-l6', '-Ml7'],
    [
      ['listen', '5'],
      ['listen', '6'],
      ['master', null],
      ['listen', '7'],
    ],
    [],
  ],
  ['other names of an option stay as they are', ['--httprouter=:1'], [['httprouter', ':1']], []],
  [
    'a prefix that only one option has is enough',
    ['--http-gracet=5', '--access-log-f=json'],
    [
      ['http-gracetime', '5'],
      ['access-log-format', 'json'],
    ],
    [],
  ],
  ['a prefix of names of one option is not ambiguous', ['--set-p', 'a=1'], [['set-placeholder', 'a=1']], []],
  ['a whole name counts even where it begins another', ['--http=:1'], [['http', ':1']], []],
  [
    'options and files may mix; "-" is a file',
    ['a.ini', '--master', '-', 'b.ini'],
    [['master', null]],
    ['a.ini', '-', 'b.ini'],
  ],
  ['after "--" all are files', ['--', '--master', '-l'], [], ['--master', '-l']],
  ['words in brackets are nobody’s', ['[vassal]', 'a.ini'], [], ['a.ini']],
] as const) {
  t.test(behaviour, async t => {
    const split = splitArguments(argv)
    t.strictSame(split.problems, [])
    t.strictSame(
      split.pairs.map(({ name, value }) => [name, value]),
      pairs,
    )
    t.strictSame(split.files, files)
  })
}
