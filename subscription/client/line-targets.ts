// subscription/client/line-targets.ts: the targets that a line of subscribe-to or subscribe2 stands for.
import type { AnnounceLine } from '../../config/announce-line.ts'
import type { AnnouncedProto } from '../packet/announcement.ts'
import type { Problem } from '../problem.ts'
import { parseSignWith } from '../signature/digests.ts'
import { parseKeyList } from './key-list.ts'
import { plainTarget, type Target } from './target.ts'

/** What the instance adds to its lines. */
export interface Own {
  /** Addresses of its sockets as bound, the first one first; shared sockets by their numbers. */
  readonly sockets: readonly string[]
  readonly sharedSockets: readonly string[]
  /** subscribe-with-modifier1; null: that of each line. */
  readonly modifier1: number | null
  /** subscription-notify-socket, or ''. */
  readonly notify: string
  /** @returns the text of a file of keys. @throws what the file system says */
  readKeys(file: string): string
}

const PROTOS: readonly AnnouncedProto[] = ['uwsgi', 'http', 'https', 'h2', 'fastcgi', 'scgi']

/** One target for a key, or those of its file of keys, which are never signed. */
export function targetsOfLine(line: AnnounceLine, own: Own): Target[] | Problem {
  const address =
    line.socket === null ? line.address || own.sockets[0] || '' : (own.sharedSockets[line.socket] ?? '')
  if (address === '')
    return { problem: 'there is no such socket to announce', remedy: 'Name an address, or add the socket' }
  const isList = line.key.startsWith('@')
  const listed = isList
    ? parseKeyList(own.readKeys(line.key.slice(1)))
    : [{ key: line.key, modifier1: line.modifier1 }]
  if ('problem' in listed) return listed
  const signWith = line.sign === '' || isList ? null : parseSignWith(line.sign)
  if (signWith !== null && 'problem' in signWith) return signWith
  const { modifier2, weight, backup, algo, sniKey, sniCrt, sniCa, check } = line
  const proto = PROTOS.find(each => each === line.proto) ?? null
  return listed.map(({ key, modifier1 }) => ({
    ...plainTarget(line.to, key, address),
    modifier1: own.modifier1 ?? modifier1,
    ...{ modifier2, weight, backup, proto, algo, sniKey, sniCrt, sniCa, check, signWith },
    notify: own.notify,
  }))
}
