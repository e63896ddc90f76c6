// config/options/sockets.ts: options of the listening sockets.
import { sharedAddress } from '../address-kinds.ts'
import { flag, flagOr, integer, mask, mode, owner } from '../kinds.ts'
import { list, option, optionOr } from '../option.ts'
import { usualQueue } from '../queue-length.ts'

export const socketOptions = {
  title: 'Sockets',
  options: {
    'shared-socket': list(sharedAddress, {
      doc: 'Binds an address, or takes a socket that Sluice was started with (fd://N), that other options use as =0, =1, … in the order of declaration.',
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
    'chmod-socket': option(flagOr(mode, 0o666, null), {
      doc: 'Gives the UNIX sockets that Sluice binds this mode, in octal; without a value 666. Without the option the umask decides.',
      aliases: ['chmod'],
      short: 'C',
      argument: 'optional',
    }),
    'chown-socket': option(owner, {
      doc: 'Gives the UNIX sockets that Sluice binds to this user and group, while it is root; without a group theirs stays.',
    }),
    'abstract-socket': optionOr(flag, 'false', {
      doc: 'Turns every path of a UNIX listener into the abstract name @PATH, with PATH as written.',
      short: 'a',
      argument: 'none',
    }),
    umask: option(mask, {
      doc: 'Mask, in octal, of the rights of files and UNIX sockets that Sluice makes.',
    }),
    'reuse-port': optionOr(flag, 'false', {
      doc: 'Gives each gateway a TCP socket of its own on the same address (SO_REUSEPORT). An address that was bound without it is shared on until a restart.',
      argument: 'none',
    }),
    'so-keepalive': optionOr(flag, 'false', {
      doc: 'Lets the kernel probe connections of clients that are silent (SO_KEEPALIVE).',
      argument: 'none',
    }),
    'enable-proxy-protocol': optionOr(flag, 'false', {
      doc: 'Expects the PROXY protocol, version 1 or 2, in front of every connection, before TLS; others are closed. With trusted-proxy, only those peers may connect.',
      argument: 'none',
    }),
    'http-enable-proxy-protocol': optionOr(flag, 'false', {
      doc: 'The same as enable-proxy-protocol.',
      argument: 'optional',
    }),
    'max-fd': option(integer(64, 2 ** 30), {
      doc: 'Most descriptors that each process may open; by default as many as the system allows.',
    }),
  },
}
