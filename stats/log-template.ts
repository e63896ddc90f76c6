// stats/log-template.ts: log-format: a text with %(name) in it, read once into pieces that print an exchange.
import type { AccessEntry, LineNeeds } from './access-log.ts'
import { commonLogTime, ctime, SecondText } from './log-dates.ts'
import { inJson, quoted } from './log-escape.ts'
import { strftime } from './strftime.ts'

type Print = (entry: AccessEntry) => string

const NAME = /%\(([^)]*)\)/g
const ABSENT = '-'

/**
 * What is absent or not known prints "-", unless a route rule noted it for the exchange; "%%" and "%x" stay as they are. What clients sent is escaped, so that a line
 * stays one line: as in JSON when the template begins with "{", else "\xNN".
 *
 * @param ftime form of %(ftime), as for strftime; null: as %(ltime)
 * @param gateway its number, %(wid)
 */
export function templateLine(
  template: string,
  ftime: string | null,
  gateway: number,
): { toLine: Print; needs: LineNeeds } {
  const names = namesOf(ftime, gateway)
  const escapeText = template.trimStart().startsWith('{') ? inJson : quoted
  const variables: string[] = []
  const parts: (string | Print)[] = []
  let hasCommon = false
  let behind = 0
  for (const match of namesIn(template)) {
    const name = match[1]!
    parts.push(plain(template.slice(behind, match.index)))
    behind = match.index + match[0].length
    if (name.startsWith('var.')) {
      const index = variables.push(name.slice(4)) - 1
      parts.push(entry => escapeText(entry.values[index]!) || ABSENT)
    } else if (Object.hasOwn(TEXTS, name)) {
      const read = TEXTS[name as keyof typeof TEXTS]
      if (COMMON.has(name)) hasCommon = true
      parts.push(entry => escapeText(read(entry)) || ABSENT)
    } else parts.push(names[name] ?? (entry => escapeText(entry.noted?.get(name) ?? '') || ABSENT))
  }
  parts.push(`${plain(template.slice(behind))}\n`)
  return { toLine: joined(parts), needs: { hasCommon, variables } }
}

/** Names in it that mean nothing here, each once; those of uWSGI's that never do here are known. */
export function unknownNames(template: string): string[] {
  const known = namesOf(null, 0)
  const names = [...namesIn(template)].map(match => match[1]!)
  const isKnown = (name: string) => /^(var|metric)\./.test(name) || name in known
  return [...new Set(names)].filter(name => !isKnown(name) && !Object.hasOwn(TEXTS, name))
}

// Not behind the last bracket: each "%(" there would be followed to the end of the text.
function namesIn(template: string): Iterable<RegExpExecArray> {
  return template.slice(0, template.lastIndexOf(')') + 1).matchAll(NAME)
}

function joined(parts: readonly (string | Print)[]): Print {
  return entry => {
    let line = ''
    for (const part of parts) line += typeof part === 'string' ? part : part(entry)
    return line
  }
}

// One character a byte, as all text of a log.
function plain(text: string): string {
  return Buffer.from(text.replace(/[\r\n]/g, ' ')).toString('latin1')
}

// From the client, or as long as it likes.
const TEXTS = {
  uri: ({ target }: AccessEntry) => target,
  method: ({ method }: AccessEntry) => method,
  addr: ({ client }: AccessEntry) => client,
  host: ({ host }: AccessEntry) => host,
  proto: ({ proto }: AccessEntry) => proto,
  uagent: ({ userAgent }: AccessEntry) => userAgent,
  referer: ({ referer }: AccessEntry) => referer,
  user: ({ user }: AccessEntry) => user,
} as const
const COMMON = new Set(['host', 'uagent', 'referer'])

// What has no meaning in a gateway prints what uWSGI prints where it does not apply.
function namesOf(ftime: string | null, gateway: number): Readonly<Record<string, Print | string>> {
  const atStart = (print: (date: Date) => string): Print => {
    const dates = new SecondText(print)
    return entry => dates.at(entry.startedAt)
  }
  const commonTime = atStart(commonLogTime)
  return {
    __proto__: null as never,
    status: ({ status }) => String(status),
    rsize: ({ bodyBytes }) => String(bodyBytes),
    hsize: ({ headBytes }) => String(headBytes),
    size: ({ headBytes, bodyBytes }) => String(headBytes + bodyBytes),
    cl: ({ requestBytes }) => String(requestBytes),
    headers: ({ headers }) => String(Math.max(0, headers)),
    micros: ({ durationMs }) => String(Math.floor(durationMs * 1000)),
    msecs: ({ durationMs }) => String(Math.floor(durationMs)),
    secs: ({ durationMs }) => (durationMs / 1000).toFixed(6),
    time: ({ startedAt }) => String(Math.floor(startedAt / 1000)),
    tmsecs: ({ startedAt }) => String(Math.floor(startedAt)),
    tmicros: ({ startedAt }) => String(Math.floor(startedAt * 1000)),
    epoch: () => String(Math.floor(Date.now() / 1000)),
    ctime: atStart(ctime),
    ltime: commonTime,
    ftime: ftime === null ? commonTime : atStart(plainDate(ftime)),
    pid: String(process.pid),
    wid: String(gateway),
    core: '0',
    switches: '0',
    vars: ({ vars }) => String(vars),
    pktsize: ({ varBytes }) => String(varBytes),
    modifier1: '0',
    modifier2: '0',
    rss: '0',
    vsz: '0',
    rssM: '0',
    vszM: '0',
    werr: ({ hasFailed }) => (hasFailed ? '1' : '0'),
    rerr: '0',
    ioerr: ({ hasFailed }) => (hasFailed ? '1' : '0'),
  }
}

function plainDate(format: string): (date: Date) => string {
  const print = strftime(format)
  return date => plain(print(date))
}
