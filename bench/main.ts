// bench/main.ts: `npm run bench`: what a request costs in CPU time, beside nginx and HAProxy on the same machine.
//
// How: the gateway alone on CPU 0; wrk and the node behind (an nginx that answers 100 bytes) on CPU 1; 64 connections
// kept alive. After a warm-up, rounds of one second in turns, A B C, C B A, ...; cost = run time of all threads of the
// gateway's processes, as the kernel counts it, by answers. Neighbours move the absolute figures by a fifth within an
// hour, so what counts is the ratio to nginx in the same round: the median of the rounds, with its quartiles.
import { parseArgs } from 'node:util'
import { compileCheckout } from './compile.ts'
import { measureRow } from './measure.ts'
import { PEERS, type Peer, peerFromCommand } from './peers.ts'
import { checkPrerequisites } from './prerequisites.ts'
import { endAll, sandbox } from './processes.ts'
import { printRow } from './report.ts'
import { ROWS, type Row } from './rows.ts'

const HELP = `usage: npm run bench -- [options]
  --row NAME           only this row; repeatable. Rows: ${ROWS.map(row => row.name).join(', ')}
  --only NAME[,NAME]   only these peers. Peers: ${PEERS.map(peer => peer.name).join(', ')}
  --also NAME=COMMAND  one more peer: a command that listens on 127.0.0.1:{port} and passes requests to {node}, which
                       is a port or the path of a UNIX socket
  --rounds N           rounds for each peer (10)
  --quick              2 rounds: under a minute, for a first impression
  --source             Sluice as it lies in the checkout, not compiled
  --json               one JSON object for each row
`
const ROUNDS = 10
const QUICK_ROUNDS = 2

interface Plan {
  readonly rows: readonly Row[]
  readonly peers: readonly Peer[]
  readonly rounds: number
  readonly json: boolean
  readonly source: boolean
}

/** A wrong call, or something missing: said in one line. */
class Refusal extends Error {}

process.on('SIGINT', () => void endAll().then(() => process.exit(130)))
process.on('SIGTERM', () => void endAll().then(() => process.exit(143)))
process.exitCode = await main()

async function main(): Promise<number> {
  try {
    const plan = readPlan()
    if (plan === null) return 0
    return await run(plan)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    process.stderr.write(`bench: ${text}\n`)
    return 1
  } finally {
    await endAll()
  }
}

function readPlan(): Plan | null {
  const { values } = parseArgs({
    options: {
      row: { type: 'string', multiple: true },
      only: { type: 'string' },
      also: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      source: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return null
  }
  const rounds = Number(values.rounds ?? (values.quick ? QUICK_ROUNDS : ROUNDS))
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Refusal(`--rounds wants a number from 1, not "${values.rounds}"`)
  return {
    rows: chosen('row', ROWS, values.row),
    peers: [...chosen('peer', PEERS, values.only?.split(',')), ...(values.also ?? []).map(alsoPeer)],
    rounds,
    json: values.json,
    source: values.source,
  }
}

function chosen<T extends { name: string }>(
  what: string,
  all: readonly T[],
  names: readonly string[] | undefined,
) {
  const unknown = names?.find(name => !all.some(one => one.name === name))
  if (unknown !== undefined) {
    throw new Refusal(`there is no ${what} "${unknown}". Choose from: ${all.map(one => one.name).join(', ')}`)
  }
  return names === undefined ? all : all.filter(one => names.includes(one.name))
}

function alsoPeer(text: string): Peer {
  const at = text.indexOf('=')
  if (at < 1) throw new Refusal(`--also wants NAME=COMMAND, not "${text}"`)
  return peerFromCommand(text.slice(0, at), text.slice(at + 1))
}

async function run({ rows, peers, rounds, json, source }: Plan): Promise<number> {
  await checkPrerequisites(peers.flatMap(peer => peer.needs))
  const directory = sandbox()
  const wantsSluice = peers.some(peer => peer.name === 'sluice')
  const sluice = wantsSluice && !source ? await compileCheckout(say) : null
  let failures = 0
  for (const row of rows) {
    const result = await measureRow(row, peers, { rounds, directory, sluice }, json ? () => {} : say)
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : printRow(result))
    failures += result.peers.filter(peer => peer.errors.length > 0).length
  }
  return failures === 0 ? 0 : 1
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
