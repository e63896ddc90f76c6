// gateway/proxy-protocol/reception.ts: takes the PROXY header off an accepted socket, so that TLS or HTTP finds behind it
// what it finds without.
import type { Socket } from 'node:net'
import { guard } from '../boundary.ts'
import { type ProxyHeader, refused } from './header.ts'
import { parseProxyHeader } from './parse.ts'

/**
 * Reads until the header is whole. The bytes behind it are in the socket again, which is paused.
 *
 * @param onHeader called once; not at all when the socket closes first, or ends without having sent anything
 */
export function receiveHeader(socket: Socket, onHeader: (header: ProxyHeader) => void): void {
  let bytes: Buffer | null = null
  const onData = (more: Buffer): void => guard('PROXY header', target, look, more)
  const onEnd = (): void => {
    if (bytes === null) socket.destroy()
    else guard('PROXY header', target, finish, refused('PROXY header cut short'))
  }
  const target = { abandon: () => socket.destroy() }
  const look = (_: object, more: Buffer): void => {
    bytes = bytes === null ? more : Buffer.concat([bytes, more])
    const header = parseProxyHeader(bytes)
    if (header !== null) finish(target, header)
  }
  const finish = (_: object, header: ProxyHeader): void => {
    socket.off('data', onData).off('end', onEnd).pause()
    if (header.kind !== 'refused' && header.end < bytes!.length) socket.unshift(bytes!.subarray(header.end))
    onHeader(header)
  }
  socket.on('data', onData).on('end', onEnd)
}
