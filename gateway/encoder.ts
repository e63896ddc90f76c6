// gateway/encoder.ts: a request's head in the language of the node that gets it. Each exchange has one: what the packets of a
// connection have in common is made once.
import type { Node } from '../routing/node.ts'
import type { Exchange } from './exchange.ts'
import type { RequestHead } from './http1/request-head.ts'
import { requestText } from './http1/request-text.ts'
import { editedPacket } from './uwsgi/edited-packet.ts'
import { type CommonVariables, commonVariables, lastPacket, uwsgiPacket } from './uwsgi/packet.ts'

export class Encoder {
  readonly #exchange: Exchange
  #common: CommonVariables | null = null // of the packets made last
  /** What is to be sent; '' when it cannot be. */
  text = ''
  /** It is we who say "100 Continue", not the node. */
  saysContinue = false

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  /** Puts the head into {@link Encoder.text}. @returns 0, or the status that says why it cannot be sent to such a node */
  encode(head: RequestHead, bytes: Buffer, node: Node): number {
    const exchange = this.#exchange
    const { picture } = exchange.running
    const { connection, passage } = exchange
    const passesExpect = node.proto === 'http' && picture.manageExpect < 0 && head.minor === 1
    this.saysContinue = !passesExpect
    if (node.proto === 'http') {
      connection.makeFramed(head) // a uwsgi node tried before may have made it raw
      this.text = requestText(
        head,
        bytes,
        exchange.rawForNodes,
        connection.client,
        exchange.isUpgrade,
        passesExpect,
        picture.hostName,
        passage === null ? '' : passage.linesApart,
      )
      return 0
    }
    if (picture.rawBody) connection.makeRaw()
    else if (head.isChunked && !picture.chunkedInput) return 411
    this.text = uwsgiPacket(
      head,
      bytes,
      this.#commonVariables(head.minor),
      passage !== null && passage.run.modifier1 >= 0
        ? passage.run.modifier1
        : picture.modifier1 || node.modifier1,
      passage !== null && passage.run.modifier2 >= 0
        ? passage.run.modifier2
        : picture.modifier2 || node.modifier2,
      picture.chunkedInput || picture.rawBody,
      exchange.isUpgrade,
    )
    if (passage?.hasRequestRules && this.text !== '' && passage.hasPacketEdits)
      this.text = editedPacket(this.text, passage.packetEdits())
    exchange.vars = lastPacket.variables
    exchange.varBytes = lastPacket.bytes
    return this.text === '' ? 431 : 0
  }

  // Mostly those of the request before: a picture makes another client of the connection.
  #commonVariables(minor: number): CommonVariables {
    const { client: remote, connection, running } = this.#exchange
    const { client } = connection
    const known = this.#common
    if (known !== null && known.client === client && known.remote === remote && known.minor === minor)
      return known
    const { picture, vars } = running
    this.#common = commonVariables(client, remote, minor, {
      hostName: picture.hostName,
      serverNameAsHost: picture.serverNameAsHost,
      portText: connection.listener.portText,
      vars,
      varCount: picture.vars.length,
    })
    return this.#common
  }
}
