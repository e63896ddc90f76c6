// routing/rules/ours/mirror.ts: a copy of the request for somebody else's eyes.
import { type ActionKind, REQUEST_ONLY, WrongRule } from '../action.ts'
import { warnOfKey } from '../actions/choosing.ts'
import { NEXT } from '../ask.ts'

/** Copies of one request at most. */
const MOST = 4

interface MirrorData {
  readonly key: string
  /** From 0 to 1. */
  readonly share: number
}

const mirror: ActionKind<MirrorData> = {
  names: ['mirror'],
  ours: true,
  syntax: 'KEY[,PERCENT]',
  doc:
    'Sends a copy of the request to a node of that key too, or of so many percent of the requests. What it answers is ' +
    'dropped, and nobody waits for it. Bodies are copied up to 64 KB; a request with a longer one is not copied.',
  chains: REQUEST_ONLY,
  read(args, reading) {
    const [, written = '', percent = '100'] = /^(.*?)(?:,(\d{1,3}(?:\.\d{1,3})?)%?)?$/s.exec(args) ?? []
    const share = Number(percent) / 100
    if (written === '' || /[\s,]/.test(written) || share > 1) {
      throw new WrongRule(`"${args}" is neither a key nor a key and a share`, 'Write KEY or KEY,PERCENT')
    }
    const [, scheme] = /^(http|uwsgi):\/\//.exec(written) ?? []
    const key =
      scheme === undefined
        ? written.toLowerCase()
        : reading.upstream(written.slice(scheme.length + 3), scheme as 'http' | 'uwsgi')
    if (scheme === undefined) warnOfKey(key, reading)
    return { key, share }
  },
  make({ key, share }) {
    return run => {
      if (share < 1 && run.world.random() >= share) return NEXT
      run.mirrors ??= []
      if (run.mirrors.length < MOST && !run.mirrors.includes(key)) run.mirrors.push(key)
      return NEXT
    }
  },
}

export const mirrorActions: readonly ActionKind[] = [mirror]
