// bench/command-line.ts: what `npm run bench` is asked to do.
import { parseArgs } from 'node:util'
import type { Peer } from './peer.ts'
import { PEERS, peerFromCommand, QUICK_PEERS } from './peers.ts'
import type { Row } from './row.ts'
import { KEEP_ALIVE_ROWS } from './rows/keep-alive.ts'
import { ROWS } from './rows.ts'

export interface Plan {
  readonly rows: readonly Row[]
  readonly peers: readonly Peer[]
  readonly rounds: number
  readonly seconds: number
  readonly warmRequests: number
  /** Sluice as it lies in the checkout, not compiled. */
  readonly usesSource: boolean
  readonly countsSystemCalls: boolean
  readonly measuresLatency: boolean
  readonly printsJson: boolean
  readonly writes: boolean
  readonly writesWhenBusy: boolean
  readonly guards: boolean
}

/** A wrong call, or something missing: said in one line. */
export class Refusal extends Error {}

/** Less, and figures of Node's gateways are those of code that is not compiled yet. */
const WARM_REQUESTS = 20_000
const QUICK_WARM_REQUESTS = 2_000
const ROUNDS = 10
const QUICK_ROUNDS = 2

const HELP = `usage: npm run bench -- [options]
  --row NAME           only this row; repeatable. Rows: ${ROWS.map(row => row.name).join(', ')}
  --only NAME[,NAME]   only these peers. Peers: ${PEERS.map(peer => peer.name).join(', ')}
  --also NAME=COMMAND  one more peer: a command that listens on 127.0.0.1:{port} and passes requests to {node}, which
                       is a port or the path of a UNIX socket; with TLS where it names {certificate} and {key}
  --rounds N           rounds for each peer (${ROUNDS})
  --seconds S          length of a round (1)
  --quick              under a minute, for a first impression: ${QUICK_ROUNDS} rounds after a short warm-up, and unless
                       chosen otherwise, rows with connections kept, and the peers ${QUICK_PEERS.map(peer => peer.name).join(', ')}
  --latency            p99 at 60 % of the load that saturates nginx, too
  --strace             system calls for each request, too
  --source             Sluice as it lies in the checkout, not compiled
  --json               one JSON object for each row
  --gate               compare with the committed figures, and fail where Sluice is dearer by more than their noise
  --write              write the committed figures and docs/benchmarks.md; with --row only those rows are new
  --busy               --write also while others use this machine
`

/** @returns null when help was asked for and given @throws Refusal */
export function readPlan(): Plan | null {
  const values = readArguments()
  if (values.help) {
    process.stdout.write(HELP)
    return null
  }
  const { quick } = values
  const rows = chosen('row', ROWS, values.row)
  const peers = chosen('peer', PEERS, values.only?.split(','))
  if (values.gate && values.write) throw new Refusal('--gate and --write do not go together')
  return {
    rows: rows ?? (quick ? KEEP_ALIVE_ROWS : ROWS),
    peers: [...(peers ?? (quick ? QUICK_PEERS : PEERS)), ...(values.also ?? []).map(alsoPeer)],
    rounds: numberOf('rounds', values.rounds ?? String(quick ? QUICK_ROUNDS : ROUNDS), /^[1-9]\d{0,3}$/),
    seconds: numberOf('seconds', values.seconds ?? '1', /^(?=.*[1-9])\d{1,3}(\.\d+)?$/),
    warmRequests: quick ? QUICK_WARM_REQUESTS : WARM_REQUESTS,
    usesSource: values.source,
    countsSystemCalls: values.strace,
    measuresLatency: values.latency,
    printsJson: values.json,
    writes: values.write,
    writesWhenBusy: values.busy,
    guards: values.gate,
  }
}

function readArguments() {
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({
      options: {
        row: { type: 'string', multiple: true },
        only: { type: 'string' },
        also: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        quick: flag,
        latency: flag,
        strace: flag,
        source: flag,
        json: flag,
        gate: flag,
        write: flag,
        busy: flag,
        help: flag,
      },
    }).values
  } catch (error) {
    throw new Refusal(error instanceof Error ? error.message : String(error))
  }
}

function chosen<T extends { name: string }>(
  what: string,
  all: readonly T[],
  names: readonly string[] | undefined,
): readonly T[] | undefined {
  const unknown = names?.find(name => !all.some(one => one.name === name))
  if (unknown !== undefined)
    throw new Refusal(`there is no ${what} "${unknown}". Choose from: ${all.map(one => one.name).join(', ')}`)
  return names === undefined ? undefined : all.filter(one => names.includes(one.name))
}

function numberOf(name: string, text: string, pattern: RegExp): number {
  if (!pattern.test(text)) throw new Refusal(`--${name} wants a number above 0, not "${text}"`)
  return Number(text)
}

function alsoPeer(text: string): Peer {
  const at = text.indexOf('=')
  if (at < 1) throw new Refusal(`--also wants NAME=COMMAND, not "${text}"`)
  return peerFromCommand(text.slice(0, at), text.slice(at + 1))
}
