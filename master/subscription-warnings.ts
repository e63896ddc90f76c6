// master/subscription-warnings.ts: what a config asks of nodes and they cannot give, so that it is ignored: not in silence.
import type { BackendNode } from '../config/backend-kind.ts'
import type { Config, Problem } from '../config/config.ts'
import { matchesGlob } from '../subscription/glob.ts'

/** Pure. @param backend nodes of the config, those that rules name among them */
export function nodeWarnings(config: Config, backend: readonly BackendNode[]): Problem[] {
  return [...cheapWarnings(config, backend), ...pingWarnings(config, backend)]
}

// Without a server for announcements another warning tells.
function cheapWarnings({ values, place }: Config, backend: readonly BackendNode[]): Problem[] {
  if (!values['http-cheap'] || values['http-subscription-server'].length === 0) return []
  const [first] = [...values['http-to'], ...values['http-fallback'], ...backend.map(({ address }) => address)]
  if (first === undefined) return []
  const problem = `option "http-cheap" has no effect: there is always a node, ${first.name} of this configuration`
  return [
    { place: place('http-cheap'), problem, remedy: 'Take it out, or the nodes that need no announcement' },
  ]
}

// Only a uwsgi node knows the ping; what speaks http is connected to, which says less.
function pingWarnings({ values, place }: Config, backend: readonly BackendNode[]): Problem[] {
  const rest = [...values['http-to'], ...values['http-fallback']]
  const named = [...rest.map(address => ({ key: '*', address })), ...backend]
    .filter(({ address }) => address.proto === 'http')
    .map(({ key, address }) => ({ key, what: address.name }))
  const announced = values['subscription-protocol']
    .filter(({ proto }) => proto === 'http')
    .map(({ key }) => ({ key, what: `what subscription-protocol says of key=${key}` }))
  const lines = values['health-check']
  const byLine = Map.groupBy([...named, ...announced], ({ key }) =>
    lines.find(line => matchesGlob(key, line.key)),
  )
  return lines.flatMap((line, i) => {
    const first = line.method.kind === 'uwsgi' ? byLine.get(line)?.[0] : undefined
    if (first === undefined) return []
    const problem = `option "health-check" pings only uwsgi nodes: ${first.what} speaks http, and is connected to, no more`
    const remedy = 'Write a line for its key above, with http=/PATH, or with tcp if a connect is enough'
    return [{ place: place('health-check', i), problem, remedy }]
  })
}
