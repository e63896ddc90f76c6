// test/long/soak-clients.ts: clients for a soak, in a process of their own: node HTTP-PORT HTTPS-PORT SECONDS. Some check
// every byte of what they get (those of the reload's load), some leave at the wrong moment, some make no sense.
//
// Ends after that time, with a report on its output.
// sleeps: a load has its pace
import { setTimeout as pause } from 'node:timers/promises'
import { type LoadState, runClients } from './reload-clients.ts'
import { failuresOf, Tally } from './reload-tally.ts'
import { Visit } from './visit.ts'

export interface ClientsReport {
  /** By kind. */
  readonly counts: Readonly<Record<string, number>>
  /** What the well-behaved met, and what the others were told wrongly. */
  readonly errors: readonly string[]
}

const WELL_BEHAVED = {
  kept: 8,
  keptEveryMs: 50,
  fresh: 4,
  freshEveryMs: 50,
  slowWriters: 3,
  slowReaders: 3,
  idle: 5,
  idleEveryMs: 3_000,
  uploads: 2,
  downloads: 2,
  webSockets: 4,
}
/** Each at work all the time, with so many milliseconds between its connections. */
const WORKERS = 4
const REST_MS = 20
const STREAMS = 10
const STREAM_MS = 500
const MOST_ERRORS = 20

const [, , httpPort, httpsPort, seconds] = process.argv
const endsAt = performance.now() + Number(seconds) * 1000
const counts: Record<string, number> = {}
const errors: string[] = []

const HOST = 'Host: soak.test\r\n'
const GET = `GET /files/1m HTTP/1.1\r\n${HOST}\r\n`
const POST = `POST /post HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\n`
const EVENTS = `GET /http/events HTTP/1.1\r\n${HOST}\r\n`

/** @returns null, or what was wrong */
type Act = (port: number, isTls: boolean) => Promise<string | null>

const leaving =
  (text: string, waits: boolean, how: 'FIN' | 'RST'): Act =>
  async (port, isTls) => {
    const visit = new Visit(port, isTls)
    visit.send(text)
    if (waits) await visit.heard(() => true)
    visit.leave(how)
    return null
  }

const refused =
  (text: string, status: RegExp): Act =>
  async (port, isTls) => {
    const visit = new Visit(port, isTls)
    visit.send(text)
    const said = await visit.all()
    return status.test(said) ? null : `answered ${JSON.stringify(said.slice(0, 60))}`
  }

const ACTS: Readonly<Record<string, Act>> = {
  'dropped without a word': leaving('', false, 'FIN'),
  'reset without a word': leaving('', false, 'RST'),
  'left in its head': leaving('GET / HT', false, 'FIN'),
  'reset behind its head': leaving(GET, false, 'RST'),
  'left in its answer': leaving(GET, true, 'FIN'),
  'reset in its answer': leaving(GET, true, 'RST'),
  'left in its body': leaving(`${POST}half`, false, 'FIN'),
  'reset in its body': leaving(`${POST}half`, false, 'RST'),
  'no request': refused('\0\x01\x02\r\n\r\n', /^HTTP\/1\.1 400 /),
  'two Hosts': refused(`GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, /^HTTP\/1\.1 400 /),
  'length and coding': refused(
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    /^HTTP\/1\.1 400 /,
  ),
  'broken chunk': refused(
    `POST /post HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nx`,
    /^HTTP\/1\.1 4(00|11) /, // uwsgi nodes get no chunks
  ),
  'head too large': refused(`GET / HTTP/1.1\r\n${HOST}X: ${'x'.repeat(40_000)}`, /^HTTP\/1\.1 431 /),
  'target too long': refused(`GET /${'x'.repeat(9_000)} HTTP/1.1\r\n${HOST}\r\n`, /^HTTP\/1\.1 414 /),
}

await Promise.all([
  wellBehaved(),
  ...Array.from({ length: WORKERS }, (_, worker) => act(false, worker)),
  act(true, 0, name => !name.includes('head too large')), // cut by the end of the handshake's buffer
  ...Array.from({ length: STREAMS }, (_, i) => eventStreams(i)),
])
process.stdout.write(JSON.stringify({ counts, errors: errors.slice(0, MOST_ERRORS) } satisfies ClientsReport))
process.exit()

async function wellBehaved(): Promise<void> {
  const tally = new Tally()
  const state: LoadState = {
    plan: { ...WELL_BEHAVED, port: Number(httpPort) },
    tally,
    versions: new Map(),
    least: -1, // any node may answer
    most: 0,
    isOver: false,
    areTunnelsOver: false,
  }
  const done = runClients(state)
  await pause(Math.max(1, endsAt - performance.now()))
  state.isOver = state.areTunnelsOver = true
  await done
  const report = tally.report()
  for (const [kind, count] of Object.entries(report.kinds)) counts[kind] = count
  if (failuresOf(report) > 0) errors.push(...report.examples)
}

async function act(isTls: boolean, from: number, may: (name: string) => boolean = () => true): Promise<void> {
  const acts = Object.entries(ACTS).filter(([name]) => may(name))
  for (let i = from; performance.now() < endsAt; i++) {
    const [name, run] = acts[i % acts.length]!
    const problem = await run(Number(isTls ? httpsPort : httpPort), isTls)
    counts[name] = (counts[name] ?? 0) + 1
    if (problem !== null) errors.push(`${name}: ${problem}`)
    await pause(REST_MS)
  }
}

// Opened, idle for a while, and left: by turns politely and not.
async function eventStreams(index: number): Promise<void> {
  for (let i = index; performance.now() < endsAt; i++) {
    const visit = i % 3 === 0 ? new Visit(Number(httpsPort), true) : new Visit(Number(httpPort), false)
    visit.send(EVENTS)
    const said = await visit.heard(text => text.includes('data: first') || text.startsWith('HTTP/1.1 403 '))
    const isOpen = said.includes('data: first')
    if (isOpen) counts['event streams'] = (counts['event streams'] ?? 0) + 1
    else if (!said.startsWith('HTTP/1.1 403 '))
      errors.push(`event stream: ${JSON.stringify(said.slice(0, 60))}`)
    if (isOpen) await pause(STREAM_MS)
    visit.leave(i % 2 === 0 ? 'FIN' : 'RST')
  }
}
