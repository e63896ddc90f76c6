// config/backend-kind.ts: `backend = key=NAME,address=ADDRESS[,weight=N]`: one node of the backend that serves a host.
import { isIPv6 } from 'node:net'
import { z } from 'zod'
import { type NodeAddress, parseNodeAddress } from '../base/address.ts'
import { type Kind, refuse } from './kinds.ts'

/** One node of one backend. Lines with the same key add nodes to it. */
export interface BackendNode {
  /** `name`, `name:port`, `[v6]` or `[v6]:port`, in lower case: what clients send as Host. */
  readonly key: string
  readonly address: NodeAddress
  /** Turns of each round. */
  readonly weight: number
}

const WORDS = ['key', 'address', 'weight'] as const
type Word = (typeof WORDS)[number]
const MOST_WEIGHT = 1_000
const LONGEST_KEY = 255

export const backendNode: Kind<BackendNode> = {
  schema: z.string().transform((text, ctx): BackendNode => {
    const said = new Map<Word, string>()
    for (const part of text.split(',')) {
      const equals = part.indexOf('=')
      const word = WORDS.find(name => name === part.slice(0, Math.max(0, equals)).trim())
      if (word === undefined) return refuse(ctx, text, `"${part.trim()}" is none of ${WORDS.join('=, ')}=`)
      if (said.has(word)) return refuse(ctx, text, `${word} is given twice`)
      said.set(word, part.slice(equals + 1).trim())
    }
    const key = (said.get('key') ?? '').toLowerCase()
    if (!isKey(key)) return refuse(ctx, text, key === '' ? 'the key is missing' : `"${key}" is no host`)
    const weight = said.get('weight') ?? '1'
    if (!/^\d{1,4}$/.test(weight) || Number(weight) < 1 || Number(weight) > MOST_WEIGHT) {
      return refuse(ctx, text, `weight ${weight} is not a whole number from 1 to ${MOST_WEIGHT}`)
    }
    const written = said.get('address') ?? ''
    if (written === '') return refuse(ctx, text, 'the address is missing')
    const address = parseNodeAddress(written)
    if ('problem' in address) return refuse(ctx, text, address.problem, address.remedy)
    return { key, address, weight: Number(weight) }
  }),
  metavar: 'key=HOST[:PORT],address=[PROTO://]ADDRESS[,weight=N]',
  remedy: 'Write key=shop.example,address=http://127.0.0.1:3000, and if need be ,weight=2',
}

function isKey(key: string): boolean {
  if (key.length > LONGEST_KEY) return false
  const [, host = '', port] = /^(.*?)(?::(\d{1,5}))?$/.exec(key.replace(/^\[[^\]]*\]/, 'v6')) ?? []
  if (port !== undefined && Number(port) > 65_535) return false
  const literal = /^\[([^\]]*)\]/.exec(key)
  return literal === null
    ? /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(host)
    : isIPv6(literal[1]!) && host === 'v6'
}
