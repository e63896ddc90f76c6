// test/routing/balance/plain-uwsgi.ts: uWSGI's formulas as they are told in docs/balance.md, walk by walk.
// Slow and without memory of its own: what the fast ones are held against.

export interface PlainNode {
  name: string
  weight: number
  backup: number
  inHand: number
  served: number
  isAlive: boolean
  credit: number
}

/** Of the lowest level that has one alive. A dead node stays in the list while it has requests. */
function listOf(nodes: readonly PlainNode[]): PlainNode[] {
  const alive = nodes.filter(node => node.isAlive)
  const level = Math.min(...alive.map(node => node.backup))
  return nodes.filter(node => node.backup === level && (node.isAlive || node.inHand > 0))
}

export function plainWrr(nodes: readonly PlainNode[]): PlainNode | null {
  const list = listOf(nodes).filter(node => node.isAlive)
  let pick = list.find(node => node.credit > 0)
  if (pick === undefined) {
    const least = Math.min(...nodes.filter(node => node.isAlive).map(node => node.weight))
    for (const node of list) node.credit = Math.floor(node.weight / least)
    pick = list.at(-1)
  }
  if (pick === undefined) return null
  pick.credit--
  return pick
}

export function plainLrc(nodes: readonly PlainNode[], byWeight: boolean): PlainNode | null {
  const list = listOf(nodes)
  const load = (node: PlainNode) => (byWeight ? node.inHand / node.weight : node.inHand)
  let best: PlainNode | null = null
  let least = 0
  for (const [i, node] of list.entries()) {
    if (!node.isAlive || (least !== 0 && load(node) >= least)) continue
    least = load(node)
    best = node
    const next = list[i + 1]
    if (least === 0 && !(next !== undefined && load(next) <= least && next.served <= node.served)) break
  }
  return best
}
