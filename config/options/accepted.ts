// config/options/accepted.ts: tuning of uWSGI that nothing here needs: accepted, so that its files can stay as they are.
import { bytes, flag, flagOr, integer, text } from '../kinds.ts'
import { type About, type Option, option } from '../option.ts'

const COUNT = integer(0, 2 ** 31)

export const acceptedOptions = {
  title: 'Accepted without effect',
  options: {
    'http-auto-chunked': accepted(flag, 'answers without a length are always framed by chunks'),
    'http-events': accepted(COUNT, 'the event loop chooses how many events it takes at once'),
    'http-buffer-size': accepted(bytes(0), 'buffers grow as needed'),
    'tcp-nodelay': accepted(flag, 'small writes are never held back'),
    'no-defer-accept': accepted(flag, 'no listener defers accept'),
    'thunder-lock': accepted(flag, 'the gateways need no lock around accept'),
    'offload-threads': accepted(COUNT, 'transfers never block the event loop', {
      aliases: ['offload-thread'],
    }),
    'enable-threads': accepted(flag, 'no interpreter of ours has threads to enable', { short: 'T' }),
    'close-on-exec': accepted(flag, 'no program that Sluice starts inherits a connection'),
    'close-on-exec2': accepted(flag, 'no program that Sluice starts inherits a listener'),
    vacuum: accepted(flag, 'pid files and UNIX sockets are always removed at the end'),
    'so-send-timeout': accepted(
      flagOr<number, number>(COUNT, 1, 0),
      'a client that takes nothing is left after http-timeout',
      {
        aliases: ['socket-send-timeout', 'so-write-timeout', 'socket-write-timeout'],
        argument: 'none',
      },
    ),
    'drop-after-init': accepted(flag, 'privileges are always dropped once every socket is bound'),
    'drop-after-apps': accepted(flag, 'privileges are always dropped once every socket is bound'),
    'log-master-bufsize': accepted(bytes(0), 'lines of any length are passed on whole'),
    'log-master-stream': accepted(flag, 'the master reads whole lines in any case'),
    'log-master-req-stream': accepted(flag, 'the master reads whole lines in any case'),
    'threaded-logger': accepted(flag, 'no log line keeps a request waiting'),
    'log-sendfile': accepted(flag, 'no answer is sent by sendfile', { argument: 'required' }),
    'skip-zero': accepted(flag, 'descriptor 0 is never taken for a socket'),
    'pcre-jit': accepted(flag, 'there is no PCRE'),
    'backtrace-depth': accepted(COUNT, 'there is no backtrace to shorten'),
    'plugins-dir': accepted(text('DIR', 'Write a directory'), 'there are no plugins to load', {
      aliases: ['plugin-dir'],
    }),
    autoload: accepted(flag, 'there are no plugins to load'),
  },
}

function accepted<T>(
  kind: Parameters<typeof option<T>>[0],
  noEffect: string,
  about: Pick<About, 'aliases' | 'short' | 'argument'> = {},
): Option<T | null> {
  const argument = Object.is(kind, flag) ? 'none' : 'required'
  return option(kind, { doc: `No effect: ${noEffect}.`, argument, noEffect, ...about })
}
