// routing/rules/ours/access.ts: allow and deny: who gets in, by address.
import type { NetsPicture } from '../../../base/nets.ts'
import { isWithin } from '../../nets/net-list.ts'
import { readNets } from '../../nets/read.ts'
import { type Act, type ActionKind, REQUEST_ONLY, type Reading, WrongRule } from '../action.ts'
import { answer } from '../actions/replies.ts'
import { NEXT } from '../ask.ts'
import type { Run } from '../run.ts'

interface Nets {
  /** Those that the rule itself names. */
  readonly inline: NetsPicture
  /** Absolute names. */
  readonly files: readonly string[]
}

const SYNTAX = 'NETWORK|@FILE[,NETWORK|@FILE]…'

/** @param passes what becomes of an address that is in the list */
function accessKind(name: string, doc: string, passes: boolean): ActionKind<Nets> {
  return {
    names: [name],
    ours: true,
    syntax: SYNTAX,
    doc,
    chains: REQUEST_ONLY,
    read: readList,
    make: nets => refuseUnless(nets, passes),
  }
}

function readList(args: string, { files }: Reading): Nets {
  const entries = args.split(/[\s,]+/).filter(entry => entry !== '')
  if (entries.length === 0) throw new WrongRule('the networks are missing', `Write ${SYNTAX}`)
  const isFile = (entry: string): boolean => entry.startsWith('@') || entry.startsWith('file=')
  const inline = readNets(entries.filter(entry => !isFile(entry)))
  if ('problem' in inline) throw new WrongRule(inline.problem, 'Write an address, or one such as 10.0.0.0/8')
  const names = entries.filter(isFile).map(entry => entry.replace(/^(?:@|file=)/, ''))
  return { inline, files: names.map(name => files.nets(name)) }
}

// What cannot be told is refused either way: an address that is none, a list that is not there.
function refuseUnless({ inline, files }: Nets, isWanted: boolean): Act {
  return run => {
    const address = run.source.client // http-var and setremoteaddr make no other client of it
    let isIn = isWithin(inline, address)
    for (let i = 0; i < files.length && isIn === false; i++) {
      const nets = run.world.ours.nets(files[i]!)
      isIn = nets === undefined ? null : isWithin(nets, address)
    }
    return isIn === isWanted ? NEXT : forbid(run)
  }
}

function forbid(run: Run): ReturnType<typeof answer> {
  return answer(run, 403, '', 'text/plain', 'Forbidden')
}

export const accessActions: readonly ActionKind[] = [
  accessKind(
    'allow',
    'Goes on for clients in one of these networks, and answers 403 to all others. A file has one network a line; ' +
      '"unix" stands for clients of UNIX sockets. It is read again when it changed.',
    true,
  ),
  accessKind('deny', 'Answers 403 to clients in one of these networks, and goes on for all others.', false),
]
