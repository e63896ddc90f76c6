// config/backend-key.ts: the key of a backend as options name it: which hosts, and which paths of them, it serves.
import { isIPv6 } from 'node:net'
import { MOST_LABELS, MOST_SEGMENTS, nameOf, readKey } from '../base/table-key.ts'

/** Why a text is no key. */
export interface KeyProblem {
  readonly problem: string
  readonly remedy?: string
}

const CLIENT_ADDRESS: KeyProblem = {
  problem: 'REMOTE_ADDR is no host: the key of a request is its Host, not the address of its client',
  remedy:
    'Keep a client at one node by balance = key=HOST,policy=iphash, or choose by its address in a rule: route-if = ipv4in:${REMOTE_ADDR};10.0.0.0/8 key:NAME',
}
const LONGEST_KEY = 255
const MOST_PORT = 65_535

/** @returns the key in the one spelling that the table has: hosts in lower case, no slash at the end */
export function readBackendKey(text: string): string | KeyProblem {
  if (text === '') return { problem: 'the key is missing' }
  if (text === 'REMOTE_ADDR') return CLIENT_ADDRESS
  if (text.startsWith('*.')) {
    return { problem: `"${text}" is no host`, remedy: `Write ${text.slice(1)} for every name below it` }
  }
  const read = readKey(text)
  if (read === null || text.length > LONGEST_KEY) {
    return {
      problem: `no request asks for "${text}"`,
      remedy: `A key is a host, and a path if need be: ${MOST_LABELS} labels of a wildcard, ${MOST_SEGMENTS} segments and ${LONGEST_KEY} characters at most`,
    }
  }
  if (!isHost(read.host)) return { problem: `"${read.host}" is no host` }
  if (/[\s\x00-\x20\x7f?#]/.test(read.path)) return { problem: `"${read.path}" is no path` }
  return read.host + read.path
}

function isHost(host: string): boolean {
  const name = nameOf(host)
  if (name.length < host.length && !isPort(host.slice(name.length + 1))) return false
  const literal = /^\[([^\]]*)\]$/.exec(name)
  if (literal !== null) return isIPv6(literal[1]!)
  return /^\.?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/.test(name)
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= MOST_PORT
}
