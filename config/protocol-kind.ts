// config/protocol-kind.ts: `subscription-protocol = key=GLOB,proto=http`: what nodes speak that do not say it themselves.
import { z } from 'zod'
import { lowerHost } from '../base/table-key.ts'
import { type Kind, refuse } from './kinds.ts'
import { readWords } from './words.ts'

/** For announced nodes of these keys. */
export interface ProtocolLine {
  /** The host in lower case; '*' and '?' stand for any characters and any one. */
  readonly key: string
  readonly proto: 'uwsgi' | 'http'
}

export const protocolLine: Kind<ProtocolLine> = {
  schema: z.string().transform((text, ctx): ProtocolLine => {
    const said = readWords(text, ['key', 'proto'])
    if (typeof said === 'string') return refuse(ctx, text, said)
    const key = lowerHost(said.get('key') ?? '')
    const proto = said.get('proto') ?? ''
    if (!/^[!-~]{1,255}$/.test(key)) return refuse(ctx, text, 'the key is missing')
    if (proto !== 'uwsgi' && proto !== 'http') return refuse(ctx, text, `"${proto}" is no protocol of nodes`)
    return { key, proto }
  }),
  metavar: 'key=GLOB,proto=uwsgi|http',
  remedy: 'Write a key and a protocol, such as key=*.example.com,proto=http',
}
