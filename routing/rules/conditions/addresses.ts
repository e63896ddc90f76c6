// routing/rules/conditions/addresses.ts: conditions on addresses.
import { type ConditionKind, type Reading, WrongRule } from '../action.ts'
import { HIT, MISS } from '../ask.ts'
import { constantOf, type Template, textOf } from '../template.ts'
import { type Operands, readOperands } from './text.ts'

/** An address as a number; null: it is none. */
type Parse = (text: string) => bigint | null

function netKind(name: string, bits: number, parse: Parse): ConditionKind<Operands> {
  return {
    names: [name],
    ours: false,
    syntax: 'ADDRESS;NET[/BITS]',
    doc: `The ${bits === 32 ? 'IPv4' : 'IPv6'} address is in the net; false for what is no such address.`,
    read(args, reading) {
      const operands = readOperands(args, reading)
      checkNet(operands.right, bits, parse, reading)
      return operands
    },
    make(data) {
      const address = textOf(data.left)
      const net = textOf(data.right)
      const constant = constantOf(data.right)
      const known = constant === null ? null : netOf(constant, bits, parse)
      return run => {
        const within = constant === null ? netOf(net(run), bits, parse) : known
        const number = within === null ? null : parse(address(run))
        return within !== null && number !== null && number >> within.shift === within.prefix ? HIT : MISS
      }
    },
  }
}

function checkNet(net: Template, bits: number, parse: Parse, _reading: Reading): void {
  const constant = constantOf(net)
  if (constant !== null && netOf(constant, bits, parse) === null) {
    throw new WrongRule(`"${constant}" is no net`, `Write ADDRESS or ADDRESS/BITS, with 0 to ${bits} bits`)
  }
}

interface Net {
  readonly prefix: bigint
  readonly shift: bigint
}

function netOf(text: string, bits: number, parse: Parse): Net | null {
  const slash = text.indexOf('/')
  const length = slash < 0 ? String(bits) : text.slice(slash + 1)
  const address = parse(slash < 0 ? text : text.slice(0, slash))
  if (address === null || !/^\d{1,3}$/.test(length) || Number(length) > bits) return null
  const shift = BigInt(bits - Number(length))
  return { prefix: address >> shift, shift }
}

/** Four parts in decimal; fewer, as old tools write them: the last fills what is left ("10.1" is 10.0.0.1). */
function parseIpv4(text: string): bigint | null {
  if (text.length > 15) return null
  const parts = text.split('.')
  if (parts.length > 4 || !parts.every(part => /^(0|[1-9]\d{0,9})$/.test(part))) return null
  const last = Number(parts.pop())
  if (last >= 2 ** (8 * (4 - parts.length)) || parts.some(part => Number(part) > 255)) return null
  let address = last
  for (const [i, part] of parts.entries()) address += Number(part) * 2 ** (8 * (3 - i))
  return BigInt(address)
}

function parseIpv6(text: string): bigint | null {
  if (text.length > 45) return null
  const halves = text.split('::')
  if (halves.length > 2) return null
  const groups = halves.map(groupsOf)
  const [head, tail = null] = groups
  if (head === null || head === undefined || (halves.length === 2 && tail === null)) return null
  const count = head.length + (tail?.length ?? 0)
  if (halves.length === 1 ? count !== 8 : count > 7) return null
  const all = [...head, ...new Array<number>(8 - count).fill(0), ...(tail ?? [])]
  return all.reduce((sum, group) => (sum << 16n) | BigInt(group), 0n)
}

// The 16-bit groups between colons; the last may be an IPv4 address.
function groupsOf(text: string): number[] | null {
  if (text === '') return []
  const parts = text.split(':')
  const groups: number[] = []
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else {
      const isLast = i === parts.length - 1
      const low = isLast && /^\d+\.\d+\.\d+\.\d+$/.test(part) ? parseIpv4(part) : null
      if (low === null) return null
      groups.push(Number(low >> 16n), Number(low & 0xffffn))
    }
  }
  return groups
}

export const addressConditions: readonly ConditionKind[] = [
  netKind('ipv4in', 32, parseIpv4),
  netKind('ipv6in', 128, parseIpv6),
]
