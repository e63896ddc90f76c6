// routing/node-state.ts: which moves a node can make.

export type NodeState = 'up' | 'resting' | 'draining' | 'gone'

const MOVES: Record<NodeState, readonly NodeState[]> = {
  up: ['resting', 'draining', 'gone'],
  resting: ['up', 'draining', 'gone'],
  draining: ['gone'],
  gone: [], // final: an address that comes back is a new node
}

/** The only door. @returns false, changing nothing, when there is no such move */
export function move(node: { state: NodeState }, to: NodeState): boolean {
  const allowed = MOVES[node.state].includes(to)
  if (allowed) node.state = to
  return allowed
}
