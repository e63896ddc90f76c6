// test/fuzz/targets/log-line.ts: what clients send, in lines of the access log.
import type { AccessEntry } from '../../../stats/access-log.ts'
import { formatter } from '../../../stats/log-formats.ts'
import { templateLine } from '../../../stats/log-template.ts'
import { sampleEntry } from '../../stats/sample-entry.ts'
import { type Target, wrong } from '../target.ts'

const LINES = {
  uwsgi: formatter('uwsgi'),
  combined: formatter('combined'),
  json: formatter('json'),
  template: templateLine('%(addr) %(method) "%(uri)" "%(uagent)" "%(referer)" %(host) %(var.HTTP_X)', null, 1)
    .toLine,
  jsonTemplate: templateLine('{"u":"%(uri)","a":"%(uagent)"}', null, 1).toLine,
} as const
const ONE_LINE = /^[\x20-\x7e]+\n$/
const COMBINED =
  /^\S+ - - \[[^\]]+\] "((?:[^"\\]|\\.)*)" \d{3} (?:\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"\n$/
const UWSGI =
  /^\[pid: \d+\|app: -1\|req: \d+\/\d+\] \S+ \(\) \{28 vars in 309 bytes\} \[[^\]]+\] (\S*) (\S*) => generated \d+ bytes/

export const logLine: Target = {
  name: 'log-line',
  asserts:
    'every format makes one line of printable ASCII, whatever method, target, Host, Referer and User-Agent hold; JSON gives them back as they came, and combined and uWSGI lines split as their readers split them',
  seeds: () =>
    [
      'GET\n/a?b=c\nexample.com\nhttp://r/\nMozilla/5.0 (X11; Linux x86_64)',
      '\n\n\n\n',
      'GET\n/"\\\n\x1b[31m\n"\r\n \t"\n\xff\x80\\x22',
      'G\n/\u2028\n"} {"\n\\u0022\n%(uri)',
    ].map(text => Buffer.from(text, 'latin1')),
  hostile: () =>
    ['"', '\\', '\xff', '\0', 'a', ' '].map(byte =>
      Buffer.from(`GET\n/${byte.repeat(8_000)}\na\n${byte.repeat(8_000)}\n${byte.repeat(8_000)}`, 'latin1'),
    ),
  dictionary: [
    '\n',
    '"',
    '\\',
    '\\"',
    '\\x22',
    '\\u0022',
    '\r',
    '\0',
    '\x1b[2J',
    '\x7f',
    '\x85',
    '\xa0',
    '\xff',
    ' ',
    ']',
    '{',
    '}',
    '%(uri)',
    '%',
    '- -',
    '" 200 0 "',
  ],
  mostBytes: 384,
  check(input, random) {
    const entry = entryOf(input)
    const { target, userAgent } = entry
    const name = random.pick(NAMES)
    const line = LINES[name](entry)
    if (!ONE_LINE.test(line)) wrong(`not one line of ASCII in ${name}`, line)
    READ_BACK[name](line, entry)
    return (
      Math.min(input.length >> 4, 32) * 8 +
      (/[^\x20-\x7e]/.test(target) ? 1 : 0) +
      (userAgent.includes('"') ? 2 : 0)
    )
  },
  parse(input) {
    const entry = entryOf(input)
    LINES.uwsgi(entry)
    LINES.combined(entry)
    LINES.json(entry)
  },
}

type Format = keyof typeof LINES
const NAMES = Object.keys(LINES) as Format[]

/** What a reader of each format makes of a line; it must be what the client sent. */
const READ_BACK: Readonly<Record<Format, (line: string, entry: AccessEntry) => void>> = {
  json(line, { method, target, host, referer, userAgent }) {
    const read = JSON.parse(line) as Record<string, unknown>
    const seen = [read.method, read.target, read.host, read.referer, read.user_agent]
    if (seen.join('\n') !== [method, target, host, referer, userAgent].join('\n'))
      wrong('JSON tells another thing', read)
  },
  jsonTemplate(line, { target, userAgent }) {
    const read = JSON.parse(line) as { u: string; a: string }
    if (read.u !== (target || '-') || read.a !== (userAgent || '-'))
      wrong('the JSON template tells another thing', read)
  },
  combined(line, { method, target, referer, userAgent }) {
    const [, request = '', from = '', agent = ''] = COMBINED.exec(line) ?? wrong('no combined line', line)
    const start = method === '' ? '-' : `${method} ${target} HTTP/1.1`
    if (plain(request) !== start || plain(from) !== (referer || '-') || plain(agent) !== (userAgent || '-'))
      wrong('combined tells another thing', { request, from, agent })
  },
  uwsgi(line, { method, target }) {
    const [, verb = '', uri = ''] = UWSGI.exec(line) ?? wrong('no uWSGI line', line)
    if (plain(verb) !== method || plain(uri) !== target) wrong('uWSGI tells another thing', { verb, uri })
  },
  template() {},
}

function entryOf(input: Buffer): AccessEntry {
  const [method = '', target = '', host = '', referer = '', ...rest] = input.toString('latin1').split('\n')
  const userAgent = rest.join('\n')
  return { ...sampleEntry, method, target, host, referer, userAgent, values: [userAgent] }
}

// What a reader of the line undoes.
function plain(text: string): string {
  return text.replace(/\\x([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
}
