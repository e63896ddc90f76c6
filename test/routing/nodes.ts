// test/routing/nodes.ts: nodes for tests of decisions: no socket is ever opened to them.
import { Node } from '../../routing/node.ts'

/** A node of one address. */
export function fakeNode(name: string, weight = 1, addresses: readonly string[] = ['127.0.0.1']): Node {
  return new Node({
    name,
    proto: 'http',
    endpoint: { kind: 'tcp', addresses, port: 80 },
    weight,
    modifier1: 0,
    modifier2: 0,
  })
}
