// test/long/reload-load.ts: the process that makes the load, apart from what is measured and from who reloads it.
import { type LoadPlan, type LoadState, runClients } from './reload-clients.ts'
import { type LoadReport, type Phase, Tally } from './reload-tally.ts'

/** To this process. */
export type ToLoad =
  | {
      readonly kind: 'start'
      readonly plan: LoadPlan
      /** Ports of the nodes of each version of the config. */
      readonly nodes: readonly (readonly number[])[]
    }
  /** Which versions of the config may answer requests that begin from now on. */
  | { readonly kind: 'versions'; readonly least: number; readonly most: number }
  | { readonly kind: 'phase'; readonly phase: Phase }
  | { readonly kind: 'close tunnels' }
  | { readonly kind: 'stop' }

/** From this process. */
export type FromLoad =
  /** Requests that begin from now on know what was said. */
  { readonly kind: 'heard' } | { readonly kind: 'report'; readonly report: LoadReport }

let state: LoadState | null = null

process.on('message', (message: ToLoad) => {
  hear(message)
  process.send?.({ kind: 'heard' } satisfies FromLoad)
})
process.on('disconnect', () => process.exit())

function hear(message: ToLoad): void {
  if (message.kind === 'start') start(message.plan, message.nodes)
  if (state === null) return
  if (message.kind === 'versions') {
    state.least = message.least
    state.most = message.most
  } else if (message.kind === 'phase') state.tally.phase = message.phase
  else if (message.kind === 'close tunnels') state.areTunnelsOver = true
  else if (message.kind === 'stop') state.isOver = state.areTunnelsOver = true
}

function start(plan: LoadPlan, nodes: readonly (readonly number[])[]): void {
  const versions = new Map(nodes.flatMap((ports, version) => ports.map(port => [port, version] as const)))
  const tally = new Tally()
  const begun: LoadState = {
    plan,
    tally,
    versions,
    least: 0,
    most: 0,
    isOver: false,
    areTunnelsOver: false,
  }
  state = begun
  void runClients(begun).then(() => {
    process.send?.({ kind: 'report', report: tally.report() } satisfies FromLoad)
    process.disconnect?.()
  })
}
