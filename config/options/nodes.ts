// config/options/nodes.ts: options about the nodes behind us and what they are told.
import { MOST_MODIFIER2, REQUEST_MODIFIERS } from '../../base/modifiers.ts'
import { nodeAddress } from '../address-kinds.ts'
import { backendNode } from '../backend-kind.ts'
import { assignment, integer, oneOfNumbers, seconds } from '../kinds.ts'
import { list, optionOr } from '../option.ts'

const modifier1 = oneOfNumbers(REQUEST_MODIFIERS, 'it is not the number of a request handler')

export const nodeOptions = {
  title: 'Nodes',
  options: {
    'http-to': list(nodeAddress, {
      doc: 'Sends requests to this node, in turns when there are several. http:// nodes speak HTTP, others uwsgi.',
    }),
    'http-fallback': list(nodeAddress, { doc: 'A node for when none of http-to can be reached.' }),
    backend: list(backendNode, {
      doc: 'A node of the backend that serves this host; lines with the same key add nodes. HOST:PORT goes before HOST; .HOST is every name below it; with a path (HOST/api), the longest that fits wins. weight: its turns of each round [1]. backup: serves while no node of a lower level does [0]. limit: most requests in hand, divided among the gateways [0: as balance says]. modifier1, modifier2: what a uwsgi node is told [0]. Other hosts go to http-to, and get 404 without it.',
      ours: true,
    }),
    'http-gracetime': optionOr(seconds(1), '30', {
      doc: 'How long a node rests after a failed connect.',
    }),
    'http-connect-timeout': optionOr(
      seconds(1),
      { sameAs: 'http-timeout' },
      { doc: 'Longest wait for a connection to a node.' },
    ),
    'http-max-idle': optionOr(integer(0, 100_000), '256', {
      doc: 'Idle connections kept per http node, in each gateway process.',
      ours: true,
    }),
    'http-var': list(assignment('KEY=VALUE', 'Write KEY=VALUE'), {
      doc: 'Adds a variable to the requests for uwsgi nodes.',
    }),
    'http-modifier1': optionOr(modifier1, '0', {
      doc: "Overrides uwsgi nodes' modifier1, the number that selects the request handler, when not 0.",
    }),
    'http-modifier2': optionOr(integer(0, MOST_MODIFIER2), '0', {
      doc: "Overrides uwsgi nodes' modifier2 when not 0.",
    }),
  },
}
