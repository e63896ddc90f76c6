// bench/peers/uwsgi-router.ts: uWSGI's own http router, which Sluice replaces: one process, in front of another uWSGI.
import type { Job, Peer } from '../peer.ts'

/** It speaks uwsgi to nodes, and has no hosts without a subscription server: one node is all it needs to know. */
export const uwsgiRouter: Peer = {
  name: 'uwsgi-router',
  needs: ['uwsgi-core'],
  serves: row => row.node === 'uwsgi' && row.client === 'http',
  prepare,
}

function prepare({ row, port, node }: Job): readonly string[] {
  return [
    'uwsgi-core',
    '--plugins-dir=/usr/lib/uwsgi/plugins',
    '--plugin=http',
    '--master',
    '--die-on-term',
    '--disable-logging',
    '--listen=1024',
    `--http=127.0.0.1:${port}`,
    `--http-to=${row.over === 'unix' ? node.path : `127.0.0.1:${node.port}`}`,
    '--http-processes=1',
    '--http-keepalive',
  ]
}
