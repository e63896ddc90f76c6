// routing/rules/actions/proxying.ts: nodes that a rule names itself.
import { type ActionKind, REQUEST_ONLY, type Reading, WrongRule } from '../action.ts'
import { readCount } from '../arguments.ts'
import { LAST } from '../ask.ts'
import { isHarmful } from '../fields.ts'
import type { Run, Upstream } from '../run.ts'
import { asBytes, constantOf, readTemplate, type Template, textOf } from '../template.ts'

/** `key` ''; the request chooses: `text` says what, `allowed` has the keys of what it may. */
interface Target {
  readonly key: string
  readonly text: Template
  readonly allowed: Readonly<Record<string, string>>
}

interface Http {
  readonly to: Target
  readonly host: string | null
  readonly uri: Template | null
}

function httpKind(names: readonly string[], doc: string): ActionKind<Http> {
  return {
    names,
    ours: false,
    syntax: 'ADDRESS[,HOST[,URI]]',
    doc,
    chains: REQUEST_ONLY,
    read(args, reading) {
      const [address, host = null, uri = null] = cutAtCommas(args, 3)
      if (host?.trim() === '') {
        throw new WrongRule(
          `"${args}" names an empty host, which most nodes answer with 400`,
          `Write "${names[0]}:${address}" to keep the client's, with seturi: before it for another target, or name a host`,
        )
      }
      if (host !== null && isHarmful(host))
        throw new WrongRule('a host cannot hold line ends', 'Leave them out')
      return {
        to: readTarget(address!, 'http', reading),
        host: host === null ? null : asBytes(host),
        uri: uri === null ? null : readTemplate(uri, reading),
      }
    },
    make({ to, host, uri }) {
      const find = finder(to, host)
      const target = uri === null ? null : textOf(uri)
      return run => {
        const upstream = find(run)
        if (upstream === null) return run.refuse(403)
        run.upstream = upstream
        if (target !== null) run.setTarget(target(run))
        return LAST
      }
    },
  }
}

/** `to` null: modifiers only. */
interface Uwsgi {
  readonly to: Target | null
  readonly modifier1: number
  readonly modifier2: number
  readonly app: string | null
}

const uwsgi: ActionKind<Uwsgi> = {
  names: ['uwsgi', 'proxyuwsgi'],
  ours: false,
  syntax: '[ADDRESS],MODIFIER1,MODIFIER2[,APP]',
  doc:
    'Sends the request to that uwsgi node, or to the nodes of that key, with these modifiers and UWSGI_APPID; without an ' +
    'address the usual node gets them. Ends the chain.',
  chains: REQUEST_ONLY,
  read(args, reading) {
    const [address, first, second, app = null] = cutAtCommas(args, 4)
    if (first === undefined || second === undefined) {
      throw new WrongRule(`"${args}" lacks the modifiers`, 'Write "uwsgi:ADDRESS,0,0"')
    }
    return {
      to: address === '' ? null : readTarget(address!, 'uwsgi', reading),
      modifier1: readCount(first, 'modifier', 255),
      modifier2: readCount(second, 'modifier', 255),
      app: app === null ? null : asBytes(app),
    }
  },
  make({ to, modifier1, modifier2, app }) {
    const find = to === null ? null : finder(to, null)
    return run => {
      if (find !== null) {
        const upstream = find(run)
        if (upstream === null) return run.refuse(403)
        run.upstream = upstream
      }
      run.modifier1 = modifier1
      run.modifier2 = modifier2
      const code = app === null ? LAST : run.set('UWSGI_APPID', app)
      return code === 0 ? LAST : code
    }
  },
}

function readTarget(text: string, protocol: 'http' | 'uwsgi', reading: Reading): Target {
  const template = readTemplate(text, reading)
  if (text === '')
    throw new WrongRule('the address is missing', 'Write HOST:PORT, a path, or the key of a backend')
  if (constantOf(template) !== null) return { key: reading.upstream(text, protocol), text: [], allowed: {} }
  const allowed: Record<string, string> = {}
  for (const each of reading.upstreams) allowed[asBytes(each)] = reading.upstream(each, protocol)
  if (reading.upstreams.size === 0) {
    throw new WrongRule(
      `"${text}" would let a client choose any address`,
      'Say which it may choose among: route-upstream = ADDRESS',
    )
  }
  return { key: '', text: template, allowed }
}

// Null: not one of those that may be chosen.
function finder({ key, text, allowed }: Target, host: string | null): (run: Run) => Upstream | null {
  if (key !== '') {
    const upstream: Upstream = { key, host }
    return () => upstream
  }
  const upstreams = new Map(Object.entries(allowed).map(([name, to]) => [name, { key: to, host }]))
  const chosen = textOf(text)
  return run => upstreams.get(chosen(run)) ?? null
}

function cutAtCommas(text: string, most: number): string[] {
  const pieces = text.split(',')
  return pieces.length <= most ? pieces : [...pieces.slice(0, most - 1), pieces.slice(most - 1).join(',')]
}

export const proxyingActions: readonly ActionKind[] = [
  httpKind(
    ['http', 'proxyhttp'],
    'Sends the request to that http node, or to the nodes of that key, with another Host and another target if given. ' +
      'Ends the chain.',
  ),
  httpKind(['httpdumb'], 'The same as "http".'),
  uwsgi,
]
