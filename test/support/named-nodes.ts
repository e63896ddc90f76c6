// test/support/named-nodes.ts: nodes that answer with their names, or hold their answers until told.

import { answer } from './raw-client.ts'
import type { RawConnection } from './raw-node.ts'
import { type RawNode, startRawNode } from './raw-node.ts'
import type { Test } from './tmp.ts'

export interface NamedNode {
  readonly name: string
  /** As for nodePicture: "http://127.0.0.1:40001". */
  readonly url: string
  readonly node: RawNode
}

/** Each answers every request with its name, with the extra fields given. */
export async function startNamed(t: Test, names: string, ...fields: string[]): Promise<NamedNode[]> {
  const start = async (name: string): Promise<NamedNode> => {
    const node = await startRawNode(t, {
      script: async connection => {
        for (;;) {
          await connection.head()
          await connection.send(answer(name, ...fields))
        }
      },
    })
    return { name, url: `http://${node.address}`, node }
  }
  return Promise.all([...names].map(start))
}

export interface HoldingNodes {
  readonly nodes: NamedNode[]
  /** Names of the nodes that got a request, in the order of their coming, and where to answer it. */
  readonly held: { readonly name: string; readonly connection: RawConnection }[]
}

/** Each keeps every request without an answer: the test answers. */
export async function startHolding(t: Test, names: string): Promise<HoldingNodes> {
  const held: HoldingNodes['held'] = []
  const start = async (name: string): Promise<NamedNode> => {
    const node = await startRawNode(t, {
      script: async connection => {
        for (;;) {
          await connection.head()
          held.push({ name, connection })
        }
      },
    })
    return { name, url: `http://${node.address}`, node }
  }
  return { nodes: await Promise.all([...names].map(start)), held }
}
