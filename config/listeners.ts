// config/listeners.ts: the listeners of a configuration in one form, and which of them are the same.
import type { ListenAddress } from '../base/address.ts'
import type { TlsListener } from './address-kinds.ts'
import type { Place } from './config.ts'
import type { Values } from './table.ts'

export type ListenerOption = 'http' | 'https' | 'http-to-https'

/** One line that asks for a listener. */
export interface Listener {
  readonly option: ListenerOption
  readonly place: Place
  readonly address: ListenAddress
  readonly tls: TlsListener | null
  readonly toHttps: { readonly port: string } | null
}

interface Listening {
  readonly values: Values
  place(option: ListenerOption, index: number): Place
}

/** Pure. With abstract-socket, every path of a UNIX listener becomes the abstract name of the same text. */
export function withAbstractSockets(values: Values): Values {
  if (!values['abstract-socket']) return values
  const inPlace = <T extends { readonly address: ListenAddress }>(line: T): T => {
    return { ...line, address: abstract(line.address) }
  }
  return {
    ...values,
    'shared-socket': values['shared-socket'].map(abstract),
    http: values.http.map(abstract),
    'http-stats': values['http-stats'] === null ? null : abstract(values['http-stats']),
    https: values.https.map(inPlace),
    'http-to-https': values['http-to-https'].map(inPlace),
  }
}

function abstract(address: ListenAddress): ListenAddress {
  if (address.kind !== 'unix') return address
  return { kind: 'abstract', name: address.path, text: `@${address.path}` }
}

/** Pure. All of them, those that are written twice included. */
export function listenersOf({ values, place }: Listening): readonly Listener[] {
  const head = <O extends ListenerOption>(option: O, i: number) => ({ option, place: place(option, i) })
  return [
    ...values.http.map((address, i) => ({ ...head('http', i), address, tls: null, toHttps: null })),
    ...values.https.map((tls, i) => ({ ...head('https', i), address: tls.address, tls, toHttps: null })),
    ...values['http-to-https'].map(({ address, port }, i) => {
      return { ...head('http-to-https', i), address, tls: null, toHttps: { port } }
    }),
  ]
}

/** Pure. Those to bind: what is written twice is bound once, as in uWSGI. */
export function withoutRepeats(listeners: readonly Listener[]): readonly Listener[] {
  return listeners.filter((second, i) => !listeners.slice(0, i).some(first => isRepeat(first, second)))
}

/** Whether the second line asks for nothing that the first did not. */
export function isRepeat(first: Listener, second: Listener): boolean {
  return (
    first.option === second.option &&
    first.address.text === second.address.text &&
    isSameSocket(first.address, second.address) &&
    JSON.stringify([first.tls, first.toHttps]) === JSON.stringify([second.tls, second.toHttps])
  )
}

/** An address of the whole machine takes the port from all others of its family; port 0 is a new one each time. */
export function isSameSocket(a: ListenAddress, b: ListenAddress): boolean {
  if (a.kind === 'tcp' && b.kind === 'tcp') {
    if (a.port !== b.port || a.port === 0 || a.ipv6 !== b.ipv6) return false
    return a.host.toLowerCase() === b.host.toLowerCase() || isEverywhere(a.host) || isEverywhere(b.host)
  }
  if (a.kind === 'tcp-prefix' && a.port === 0) return false
  return a.kind === b.kind && a.text === b.text
}

/** Whether the host of an address stands for all of this machine's. */
export function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || /^[0:]+$/.test(host)
}
