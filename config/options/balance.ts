// config/options/balance.ts: options about which node gets a request, and how many at once.
import { POLICIES } from '../../base/policy.ts'
import { balanceLine } from '../balance-kind.ts'
import { oneOf, seconds } from '../kinds.ts'
import { list, optionOr } from '../option.ts'

export const balanceOptions = {
  title: 'Balance',
  options: {
    balance: list(balanceLine, {
      doc: 'How requests of a key are spread; key=* is for all others, http-to included. policy: left out, as nodes that announce themselves ask, else subscription-algo. on: what policy=hash goes by: address (default), path, cookie:NAME, header:NAME or variable:NAME. sticky: a cookie that keeps a client at its node. slow-start: in which a node that joins comes to its full share [0]. limit: most requests in hand of a node [0: none]. queue: requests that wait when all nodes have theirs [0]; queue-timeout: how long [5]. max-ejected: share of the nodes that may rest for bad answers [50]. Limit and queue are divided among the gateways, rounded up.',
      ours: true,
    }),
    'subscription-algo': optionOr(oneOf(POLICIES), 'smooth', {
      doc: "How requests of keys are spread for which neither balance nor the nodes say it; http-to has turns unless balance says otherwise. wrr, lrc, wlrc and iphash are uWSGI's, whose default is wrr; smooth gives turns by weight without runs. A name that is none of these is refused, where uWSGI takes wrr.",
    }),
    'http-max-gracetime': optionOr(seconds(1), '300', {
      doc: 'The longest rest of a node: rests begin with http-gracetime and double while it keeps failing.',
      ours: true,
    }),
  },
}
