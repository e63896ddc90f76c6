// test/routing/nodes.ts: nodes for tests of decisions: no socket is ever opened to them.
import type { NodePicture } from '../../base/picture.ts'
import { Node } from '../../routing/node.ts'

/** A node of one address. */
export function fakeNode(
  name: string,
  weight = 1,
  addresses: readonly string[] = ['127.0.0.1'],
  more: Partial<NodePicture> = {},
): Node {
  return new Node({ ...fakePicture(name, weight), endpoint: { kind: 'tcp', addresses, port: 80 }, ...more })
}

export function fakePicture(name: string, weight = 1): NodePicture {
  return {
    name,
    proto: 'http',
    endpoint: { kind: 'tcp', addresses: ['127.0.0.1'], port: 80 },
    weight,
    modifier1: 0,
    modifier2: 0,
  }
}
