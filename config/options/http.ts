// config/options/http.ts: options of the http and https listeners and of what they say to clients.
import { listenAddress, networks, redirectListener, tlsListener } from '../address-kinds.ts'
import { bytes, flag, flagOr, seconds } from '../kinds.ts'
import { flatList, list, optionOr } from '../option.ts'

export const httpOptions = {
  title: 'HTTP and HTTPS',
  options: {
    http: list(listenAddress, { doc: 'Listens for HTTP on this address.', aliases: ['httprouter'] }),
    https: list(tlsListener, {
      doc: 'Listens for HTTPS. CRT (the whole chain) and KEY are PEM files, or CRT is the word self-signed and no KEY follows. CA asks clients for a certificate, !CA requires one.',
    }),
    'http-to-https': list(redirectListener, {
      doc: 'Listens for HTTP and redirects every request to https, to PORT when one is given.',
    }),
    'http-timeout': optionOr(seconds(1), '60', {
      doc: 'Longest silence of a client or node inside an exchange.',
    }),
    'http-keepalive': optionOr(
      flagOr<number, number | null>(seconds(1), null, 0),
      { sameAs: 'http-timeout' },
      {
        doc: "How long a client's connection is kept open between requests; false closes it after each. Unlike uWSGI, Sluice keeps connections open unless told otherwise.",
        argument: 'optional',
      },
    ),
    'http-headers-timeout': optionOr(
      seconds(1),
      { sameAs: 'http-timeout' },
      { doc: 'A deadline for the whole head of a request.' },
    ),
    'http-manage-expect': optionOr(flagOr(bytes(2), 0, -1), 'false', {
      doc: 'Answers "Expect: 100-continue" here instead of passing it on; with BYTES, larger bodies get 413.',
      argument: 'optional',
    }),
    'http-websockets': optionOr(flag, 'true', {
      doc: 'Lets connections upgrade to WebSocket. Unlike uWSGI, on by default.',
      argument: 'none',
    }),
    'http-raw-body': optionOr(flag, 'false', {
      doc: 'Passes all that a client sends after the head to uwsgi nodes, unframed.',
      argument: 'none',
    }),
    'http-chunked-input': optionOr(flag, 'false', {
      doc: 'Passes chunked bodies to uwsgi nodes with their framing, for applications that read chunks themselves.',
      argument: 'none',
    }),
    'http-server-name-as-http-host': optionOr(flag, 'false', {
      doc: 'Gives uwsgi nodes the Host header as SERVER_NAME, instead of the name of this machine.',
    }),
    'trusted-proxy': flatList(networks, {
      doc: 'Networks of proxies whose X-Forwarded-* and Forwarded headers are believed; "unix" trusts clients on UNIX sockets.',
      ours: true,
    }),
    'abort-on-close': optionOr(flag, 'false', {
      doc: 'Cancels the exchange when a client closes its sending side, also when it may still read the answer.',
      ours: true,
      argument: 'none',
    }),
  },
}
