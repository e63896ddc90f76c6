// config/options/limits.ts: how large a request may be, and how much all of them together.
import { bytes, integer } from '../kinds.ts'
import { option, optionOr } from '../option.ts'

const MANY = 2 ** 30

export const limitOptions = {
  title: 'Limits',
  options: {
    'limit-post': optionOr(bytes(0), '0', {
      doc: 'Largest body of a request; larger ones get 413. 0: no limit.',
    }),
    'http-max-head-size': optionOr(bytes(1024, 65_535), '32k', {
      doc: 'Largest head of a request, request line included; larger ones get 431.',
      ours: true,
    }),
    'http-max-headers': optionOr(integer(1, 1000), '128', {
      doc: 'Most header lines of a request; more get 431.',
      ours: true,
    }),
    'http-max-uri': optionOr(bytes(64, 65_535), '8k', {
      doc: 'Longest target of a request (path and query); longer ones get 414.',
      ours: true,
    }),
    'max-connections': option(integer(1, MANY), {
      doc: 'Most client connections at a time; each gateway takes its share. At the limit the one that has been idle longest makes room for a new one; where none is idle the new one gets 503, or is just closed on TLS listeners. By default 80 % of the descriptors of each gateway, connections to nodes counted. Some descriptors are kept free whatever is written here.',
      ours: true,
    }),
    'max-connections-per-ip': optionOr(integer(0, MANY), '0', {
      doc: 'Most connections of one client, counted by IPv4 address or IPv6 /64 network, behind the PROXY protocol by the address it names; UNIX clients and the proxies of trusted-proxy are not counted. Each gateway takes its share. More get 429, or are just closed on TLS listeners. A reload that turns it on counts the connections made from then on. 0: no limit.',
      ours: true,
    }),
    'min-rate': optionOr(bytes(0), '0', {
      doc: 'Fewest bytes a second that a client must send of a head or body, or take of an answer that waits for it, on average, judged once it has had 10 seconds. Slower requests get 408, slower readers are reset; of an answer 64k are forgiven, as the kernel shows only in steps what was taken: leave honest clients a factor of four. Time in which the node is waited for does not count, nor do tunnels. 0: no floor.',
      ours: true,
    }),
  },
}
