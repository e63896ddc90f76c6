// config/backend-kind.ts: `backend = key=NAME,address=ADDRESS[,weight=N]…`: one node of the backend that serves a key.
import { z } from 'zod'
import { type NodeAddress, parseNodeAddress } from '../base/address.ts'
import { MOST_MODIFIER2, REQUEST_MODIFIERS } from '../base/modifiers.ts'
import { readBackendKey } from './backend-key.ts'
import { type Kind, refuse } from './kinds.ts'
import { readWords, wholeNumber } from './words.ts'

/** One node of one backend. Lines with the same key add nodes to it. */
export interface BackendNode {
  /** In the one spelling that the table has: "shop.example", ".shop.example:8443", "shop.example/api". */
  readonly key: string
  readonly address: NodeAddress
  /** Turns of each round. */
  readonly weight: number
  /** Serves while no node of a lower level does. */
  readonly backup: number
  /** Most exchanges in hand, over all gateways; 0: no limit of its own. */
  readonly limit: number
  /** What a uwsgi node is told; 0 for others. */
  readonly modifier1: number
  readonly modifier2: number
}

const NUMBER_WORDS = ['weight', 'backup', 'limit', 'modifier1', 'modifier2'] as const
const WORDS = ['key', 'address', ...NUMBER_WORDS] as const
/** What the numbers of a line may be, and what they are when nobody writes them. */
const NUMBERS = {
  weight: { min: 1, max: 1_000, fallback: 1 },
  backup: { min: 0, max: 255, fallback: 0 },
  limit: { min: 1, max: 1_000_000, fallback: 0 },
  modifier1: { min: 0, max: 255, fallback: 0 },
  modifier2: { min: 0, max: MOST_MODIFIER2, fallback: 0 },
} as const
const EVERY_HOST = {
  problem: '"*" is no key: hosts that no backend serves go to http-to',
  remedy: 'Name the node in http-to',
}

export const backendNode: Kind<BackendNode> = {
  schema: z.string().transform((text, ctx): BackendNode => {
    const said = readWords(text, WORDS)
    if (typeof said === 'string') return refuse(ctx, text, said)
    const written = said.get('key') ?? ''
    const key = written === '*' ? EVERY_HOST : readBackendKey(written)
    if (typeof key !== 'string') return refuse(ctx, text, key.problem, key.remedy)
    const numbers = { weight: 0, backup: 0, limit: 0, modifier1: 0, modifier2: 0 }
    for (const word of NUMBER_WORDS) {
      const { min, max, fallback } = NUMBERS[word]
      const digits = said.get(word)
      const number = digits === undefined ? fallback : wholeNumber(digits, min, max)
      if (number === null)
        return refuse(ctx, text, `${word} ${digits} is not a whole number from ${min} to ${max}`)
      numbers[word] = number
    }
    const place = said.get('address') ?? ''
    if (place === '') return refuse(ctx, text, 'the address is missing')
    const address = parseNodeAddress(place)
    if ('problem' in address) return refuse(ctx, text, address.problem, address.remedy)
    if (!REQUEST_MODIFIERS.includes(numbers.modifier1)) {
      const remedy = `Write one of ${REQUEST_MODIFIERS.join(', ')}`
      return refuse(
        ctx,
        text,
        `modifier1 ${numbers.modifier1} is not the number of a request handler`,
        remedy,
      )
    }
    const told = NUMBER_WORDS.find(word => word.startsWith('modifier') && said.has(word))
    if (address.proto !== 'uwsgi' && told !== undefined)
      return refuse(ctx, text, `an ${address.proto} node is told no ${told}`, `Take ${told} out`)
    return { key, address, ...numbers }
  }),
  metavar: 'key=HOST,address=ADDRESS[,weight=N][,backup=N]…',
  remedy: 'Write key=shop.example,address=http://127.0.0.1:3000, and if need be ,weight=2',
}
