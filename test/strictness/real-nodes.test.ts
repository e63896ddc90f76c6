// test/strictness/real-nodes.test.ts: the requests of the tables before real servers behind the gateway. They are as lenient
// and as strict as they are: they may refuse what we pass, but none may see a request that the table does not have.
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { freePort } from '../../bench/processes.ts'
import { startGateway } from '../support/gateway.ts'
import { temporaryDirectory } from '../support/tmp.ts'
import { startUwsgi } from '../support/uwsgi.ts'
import type { RequestCase } from './case.ts'
import { CASES, isRequestCase, nameOf } from './cases.ts'
import type { NumberedRequest, RecordingNode } from './node.ts'
import { observe } from './observe.ts'

const REQUESTS = CASES.filter(isRequestCase)

t.setTimeout(60_000)

t.test("before node:http, which is Node's own server", async t => {
  const seen: string[] = []
  const server = createServer((message, response) => record(message, response, seen))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  t.teardown(() => server.closeAllConnections())
  const { port } = server.address() as AddressInfo
  await runBefore(t, REQUESTS, `127.0.0.1:${port}`, () => seen)
})

t.test("before uWSGI's own http router", async t => {
  const file = join(temporaryDirectory(t), 'seen')
  writeFileSync(file, '')
  const port = await freePort()
  const args = [`--http=127.0.0.1:${port}`, '--http-keepalive', '--http-chunked-input', '--disable-logging']
  await startUwsgi(t, { app: APP.replace('FILE', file), args: ['--plugin=http', ...args] })
  // For it a body ends with the last chunk, and what misses behind that is not missed.
  const cases = REQUESTS.filter(one => !/^cut (?:before the last line|in a trailer)$/.test(one.name))
  await runBefore(t, cases, `127.0.0.1:${port}`, () => lines(readFileSync(file, 'utf8')))
})

async function runBefore(
  t: Test,
  cases: readonly RequestCase[],
  address: string,
  seen: () => readonly string[],
): Promise<void> {
  const gateway = await startGateway(t, [`http://${address}`])
  const node: RecordingNode = {
    ...{ address, unread: [], flaws: [], plan: null, splits: false },
    get seen() {
      return seen().map((said): NumberedRequest => ({ said, head: '', connection: 0 }))
    },
    sendLate: async () => {},
    settled: async () => {},
  }
  const bench = { port: gateway.port, node, quietMs: null }
  for (const one of cases) {
    const observation = await observe(bench, one, 'whole', false)
    const got = observation.seen.map(({ said }) => said)
    t.same(
      got.filter(said => !one.seen.includes(said)),
      [],
      `${nameOf(one)}: no other request`,
    )
    t.ok(got.length <= one.seen.length, `${nameOf(one)}: not more of them`)
    t.equal(observation.freshProbe, '', `${nameOf(one)}: the next client gets its own answer`)
  }
}

function record(message: IncomingMessage, response: ServerResponse, seen: string[]): void {
  let body = ''
  message.setEncoding('latin1').on('data', (text: string) => {
    body += text
  })
  message.on('end', () => {
    const said = `${message.method} ${message.url}${body && ` ${body}`}`
    seen.push(said)
    response.writeHead(200, { 'Content-Length': said.length })
    response.end(message.method === 'HEAD' ? '' : said)
  })
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as string)

// A body that broke off is no request that was seen.
const APP = `import json, uwsgi

def application(env, start_response):
    length = int(env.get("CONTENT_LENGTH") or 0)
    body = b""
    if "HTTP_TRANSFER_ENCODING" in env:
        for piece in iter(uwsgi.chunked_read, b""):
            body += piece
    elif length > 0:
        body = env["wsgi.input"].read(length)
    said = env["REQUEST_METHOD"] + " " + env["REQUEST_URI"] + (" " + body.decode("latin1") if body else "")
    with open("FILE", "a") as seen:
        seen.write(json.dumps(said) + "\\n")
    start_response("200 OK", [("Content-Length", str(len(said)))])
    return [b"" if env["REQUEST_METHOD"] == "HEAD" else said.encode("latin1")]
`
