// master/gateway-problem.ts: says why gateways could not start, by what people can do about it.
import type { Problem } from '../config/config.ts'
import type { GatewayFailed } from './gateways.ts'
import type { StartPlan } from './plan.ts'
import { StartRefused } from './refused.ts'
import { bindProblem } from './sockets/bind-problem.ts'
import { tcpHolder } from './sockets/holder.ts'
import type { BoundListener } from './sockets/sockets.ts'

/**
 * Two starts at once both bind, as neither listens yet; the later one learns it here.
 *
 * @param before sockets that listened already
 */
export function gatewayProblem(
  error: GatewayFailed,
  { plan, bound }: { readonly plan: StartPlan; readonly bound: readonly BoundListener[] },
  before: readonly BoundListener[],
): StartRefused {
  const fresh = bound.filter(listener => !before.includes(listener) && listener.request.inherited === null)
  const taken = fresh.filter(({ request: { target } }) => {
    return target.kind === 'tcp' && target.port !== 0 && tcpHolder(target.host, target.port) !== null
  })
  const inUse = Object.assign(new Error(error.message), { code: 'EADDRINUSE' })
  if (taken.length > 0) {
    return new StartRefused(
      'SLUICE_BIND_FAILED',
      taken.map(({ request }) => bindProblem(request, inUse)),
    )
  }
  const wrong: Problem = {
    place: plan.listeners[0]!.place,
    problem: `the gateways cannot start: ${error.message}`,
    remedy: 'Correct the cause, then start again',
  }
  return new StartRefused('SLUICE_START_FAILED', [wrong])
}
