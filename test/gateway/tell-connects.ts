// test/gateway/tell-connects.ts: loaded into a gateway before its own code, tells the test of each connect to a node.
import { Socket } from 'node:net'

const { connect } = Socket.prototype
Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
  process.send?.({ kind: 'event', level: 'info', text: 'connects', fields: {} })
  return Reflect.apply(connect, this, args)
}
