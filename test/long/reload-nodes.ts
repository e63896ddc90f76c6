// test/long/reload-nodes.ts: an http node and a uwsgi node for each version of the config, all in force from the start.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from '../support/tmp.ts'
import { startUwsgi } from '../support/uwsgi.ts'
import type { FromNode } from './reload-node.ts'

/** Ports of 127.0.0.1. */
export interface VersionNodes {
  readonly http: number
  readonly uwsgi: number
}

// It says through which of its sockets a request came, and answers as reload-node.ts does.
const APP = `
import hashlib, os, socket, time, uwsgi

BLOCK = bytes(((i * 31 + (i >> 8)) & 255) for i in range(65536))
PIECES = 16

def application(environ, start_response):
    act = environ["PATH_INFO"].rsplit("/", 1)[-1]
    if act == "tunnel":
        start_response("403 Forbidden", [("Content-Length", "0")])
        return [b""]
    port = own_port()
    if act == "down" or act == "flood":
        start_response("200 OK", [("X-Port", port), ("Content-Length", str(len(BLOCK) * PIECES))])
        return pieces(0.03 if act == "down" else 0)
    if act == "up":
        digest = hashlib.sha1()
        for block in iter(lambda: environ["wsgi.input"].read(65536), b""):
            digest.update(block)
        text = digest.hexdigest()
    else:
        text = environ["HTTP_X_ID"]
    start_response("200 OK", [("X-Port", port), ("Content-Length", str(len(text)))])
    return [text.encode()]

def own_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, os.dup(uwsgi.connection_fd())) as connection:
        return str(connection.getsockname()[1])

def pieces(pause):
    for _ in range(PIECES):
        yield BLOCK
        if pause:
            time.sleep(pause)
`
const SOCKET = /uwsgi socket \d+ bound to TCP address 127\.0\.0\.1:(\d+)/g
const MOST_SOCKETS = 64

/** Starts a process with an http node for each version, and a uWSGI with a socket for each. They end with the test. */
export async function startNodes(t: Test, versions: number): Promise<VersionNodes[]> {
  const [http, uwsgi] = await Promise.all([httpPorts(t, versions), uwsgiPorts(t, versions)])
  return http.map((port, version) => ({ http: port, uwsgi: uwsgi[version]! }))
}

/** Ports of http nodes alone. */
export async function httpPorts(t: Test, versions: number): Promise<readonly number[]> {
  const child = fork(new URL('reload-node.ts', import.meta.url), [String(versions)])
  const gone = once(child, 'exit')
  t.teardown(() => {
    child.kill('SIGKILL')
    return gone
  })
  const [message] = (await Promise.race([once(child, 'message'), gone])) as [FromNode | number]
  if (typeof message !== 'object') throw new Error('the http nodes did not start')
  return message.ports
}

async function uwsgiPorts(t: Test, versions: number): Promise<number[]> {
  if (versions > MOST_SOCKETS) throw new Error(`uWSGI is asked for ${versions} sockets`)
  const more = Array.from({ length: versions - 1 }, () => '--socket=127.0.0.1:0')
  const uwsgi = await startUwsgi(t, {
    app: APP,
    args: [
      '--processes=2',
      '--threads=16',
      '--master',
      '--listen=1024',
      '--disable-logging',
      '--no-defer-accept',
      ...more,
    ],
  })
  return [...uwsgi.log().matchAll(SOCKET)].map(([, port]) => Number(port))
}
