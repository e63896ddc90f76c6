// config/options/sockets.ts: options of the listening sockets.
import { sharedAddress } from '../address-kinds.ts'
import { flag, integer } from '../kinds.ts'
import { list, optionOr } from '../option.ts'
import { usualQueue } from '../queue-length.ts'

export const socketOptions = {
  title: 'Sockets',
  options: {
    'shared-socket': list(sharedAddress, {
      doc: 'Binds an address that other options use as =0, =1, … in the order of declaration.',
      aliases: ['undeferred-shared-socket'],
    }),
    listen: optionOr(
      integer(1, 65_535),
      { text: '1024, or net.core.somaxconn when that is smaller', compute: () => usualQueue() },
      {
        doc: 'Length of the queue of connections that no gateway has accepted yet, per listener. More than net.core.somaxconn is refused. The default of uWSGI is 100.',
        short: 'l',
      },
    ),
    'reuse-port': optionOr(flag, 'false', {
      doc: 'Gives each gateway a TCP socket of its own on the same address (SO_REUSEPORT).',
      argument: 'none',
    }),
    'so-keepalive': optionOr(flag, 'false', {
      doc: 'Lets the kernel probe connections of clients that are silent (SO_KEEPALIVE).',
      argument: 'none',
    }),
  },
}
