// subscription/checks/check.ts: makes one check of one node, by the method that its line says.
import type { NodeProto } from '../../base/address.ts'
import type { NodeEndpoint } from '../../base/picture.ts'
import type { HealthCheck } from '../../config/health-kind.ts'
import { connects, tryPlaces } from '../connect.ts'
import { httpCheck } from './http-check.ts'
import { pingCheck, uwsgiHttpCheck } from './uwsgi-check.ts'

/** A node, as far as its check needs to know it. */
export interface Subject {
  /** null while it is nowhere. */
  readonly endpoint: NodeEndpoint | null
  readonly proto: NodeProto
  /** What it serves: the host in its requests unless the line says another. */
  readonly host: string
  readonly modifier1: number
  readonly modifier2: number
}

/** @returns null: well; else what is wrong, in words. Never rejects, and ends within the line's time */
export function check(subject: Subject, { method, timeoutMs }: HealthCheck): Promise<string | null> {
  const { endpoint, proto, modifier1, modifier2 } = subject
  return tryPlaces(endpoint, timeoutMs, (place, signal) => {
    if (method.kind === 'http') {
      const host = method.host === '' ? subject.host : method.host
      return proto === 'http'
        ? httpCheck(place, host, method, signal)
        : uwsgiHttpCheck(place, host, modifier1, modifier2, method, signal)
    }
    // Nodes of one key may speak either: an http node cannot be pinged, but it can be connected to.
    const canPing = method.kind === 'uwsgi' && proto === 'uwsgi'
    return canPing ? pingCheck(place, signal) : connects(place, signal)
  })
}

/** As the host of a request: of a wildcard what is behind its dot, of a mountpoint what is before its path. */
export function hostOfKey(key: string): string {
  const slash = key.indexOf('/')
  const host = slash < 0 ? key : key.slice(0, slash)
  return host.startsWith('.') ? host.slice(1) : host
}
