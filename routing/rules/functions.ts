// routing/rules/functions.ts: what ${function[argument]} stands for in templates.
import type { Kind } from './action.ts'
import { readFormula } from './formula.ts'
import type { Run } from './run.ts'

export interface FunctionKind extends Kind {
  /** What is wrong with an argument; '': nothing. */
  check?(arg: string): string
  make(arg: string): (run: Run) => string
}

const list: readonly FunctionKind[] = [
  {
    names: ['cookie'],
    ours: false,
    syntax: 'cookie[NAME]',
    doc: 'Value of the first cookie of that name, as it was sent: neither unquoted nor decoded.',
    make: name => run => run.source.cookie(name) ?? '',
  },
  {
    names: ['qs'],
    ours: false,
    syntax: 'qs[NAME]',
    doc: 'Value of the first item NAME= of the query, as it was sent: not decoded.',
    make: name => run => itemOf(run.subject('query') ?? '', name),
  },
  {
    names: ['uwsgi'],
    ours: false,
    syntax: 'uwsgi[status|rsize|rtime|sor|uuid|pid|wid|lq]',
    doc:
      'status: of the answer (500 until there is one); rsize, rtime: bytes of the body sent and microseconds since the ' +
      'request began, both of meaning in the final chain; sor: when it began, in microseconds since 1970; uuid: ' +
      'another one at each use; pid: of this process; wid, lq: 0 here.',
    check: arg =>
      Object.hasOwn(OF_REQUEST, arg) ? '' : `it knows ${Object.keys(OF_REQUEST).join(', ')} only`,
    make: arg => OF_REQUEST[arg as keyof typeof OF_REQUEST],
  },
  {
    names: ['time'],
    ours: false,
    syntax: 'time[unix|micros]',
    doc: 'Now, in seconds or microseconds since 1970.',
    check: arg => (Object.hasOwn(OF_CLOCK, arg) ? '' : `it knows ${Object.keys(OF_CLOCK).join(', ')} only`),
    make: arg => OF_CLOCK[arg as keyof typeof OF_CLOCK],
  },
  {
    names: ['httptime'],
    ours: false,
    syntax: 'httptime[SECONDS]',
    doc: 'Now, or as many seconds later or earlier, as HTTP writes dates.',
    check: arg => (/^([+-]?\d{1,10})?$/.test(arg) ? '' : 'it takes a number of seconds, or nothing'),
    make: arg => run => httpDate(Math.floor(run.world.now() / 1e6) + Number(arg)),
  },
  {
    names: ['mime'],
    ours: false,
    syntax: 'mime[VARIABLE]',
    doc: "MIME type by the extension of a variable's value; empty when none is known.",
    make: name => run => run.world.mimeType(run.read(name) ?? ''),
  },
  {
    names: ['base64'],
    ours: false,
    syntax: 'base64[VARIABLE]',
    doc: "A variable's value in base64.",
    make: name => run => Buffer.from(run.read(name) ?? '', 'latin1').toString('base64'),
  },
  {
    names: ['hex'],
    ours: false,
    syntax: 'hex[VARIABLE]',
    doc: "A variable's value in hexadecimal, upper-case.",
    make: name => run =>
      Buffer.from(run.read(name) ?? '', 'latin1')
        .toString('hex')
        .toUpperCase(),
  },
  {
    names: ['upper'],
    ours: false,
    syntax: 'upper[VARIABLE]',
    doc: "A variable's value with the letters A to Z in upper case.",
    make: name => run => (run.read(name) ?? '').replace(/[a-z]+/g, letters => letters.toUpperCase()),
  },
  {
    names: ['lower'],
    ours: false,
    syntax: 'lower[VARIABLE]',
    doc: "A variable's value with the letters A to Z in lower case.",
    make: name => run => (run.read(name) ?? '').replace(/[A-Z]+/g, letters => letters.toLowerCase()),
  },
  {
    names: ['metric'],
    ours: false,
    syntax: 'metric[NAME]',
    doc: 'Value of a metric, as this gateway knows it; 0 for unknown ones.',
    make: name => run => String(run.world.metric(name)),
  },
  {
    names: ['math'],
    ours: false,
    syntax: 'math[FORMULA]',
    doc: 'Integer part of a formula of numbers, variables, + - * / % and parentheses; a division by 0 gives 0.',
    check: arg => {
      const formula = readFormula(arg)
      return typeof formula === 'string' ? formula : ''
    },
    make: arg => {
      const formula = readFormula(arg)
      return typeof formula === 'string' ? () => '' : run => String(Math.trunc(formula(run)) || 0)
    },
  },
]

const OF_REQUEST = {
  status: (run: Run) => String(run.statusNow() || 500),
  rsize: (run: Run) => String(run.answer?.sent ?? 0),
  rtime: (run: Run) => String(Math.max(0, Math.floor(run.world.now() - run.source.startedAt))),
  sor: (run: Run) => String(Math.floor(run.source.startedAt)),
  uuid: (run: Run) => run.world.uuid(),
  pid: (run: Run) => String(run.world.pid),
  wid: () => '0',
  lq: () => '0',
}

const OF_CLOCK = {
  unix: (run: Run) => String(Math.floor(run.world.now() / 1e6)),
  micros: (run: Run) => String(Math.floor(run.world.now())),
}

/** By name. */
export const FUNCTIONS: ReadonlyMap<string, FunctionKind> = new Map(list.map(kind => [kind.names[0]!, kind]))

/** @param seconds since 1970 */
export function httpDate(seconds: number): string {
  // Years that HTTP cannot write.
  const within = Math.min(Math.max(seconds, 0), 253_402_300_799)
  return new Date(within * 1000).toUTCString()
}

// First "name=" of a query: a bare one does not count.
function itemOf(query: string, name: string): string {
  for (let p = 0; p <= query.length; ) {
    let end = query.indexOf('&', p)
    if (end < 0) end = query.length
    const equals = p + name.length
    if (equals < end && query[equals] === '=' && query.startsWith(name, p))
      return query.slice(equals + 1, end)
    p = end + 1
  }
  return ''
}
