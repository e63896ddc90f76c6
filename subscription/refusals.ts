// subscription/refusals.ts: why an announcement is not taken: one fixed list, so that refusals are counted by reason.

/** What docs/wire/subscription.md says of each; the words go behind "announcement refused: " in a log line. */
export const REFUSALS = {
  // The packet.
  'too-short': 'it is shorter than the header of a packet',
  'too-long': 'it is longer than 4096 bytes',
  'not-subscription': 'its modifier1 is not 224',
  'wrong-size': 'its header tells of another size',
  'unknown-command': 'its modifier2 is neither 0 nor 1',
  truncated: 'a variable runs past its end',
  'empty-name': 'a variable has no name',
  'key-missing': 'it names no key',
  'address-missing': 'it names no address',
  'value-too-long': 'a value is too long',
  'value-characters': 'a value has bytes that do not belong there',
  'not-a-number': 'a number is not written in plain digits',
  'number-too-large': 'a number is too large',
  'sign-not-last': 'something follows its signature, which would not be covered',
  'unix-missing': 'it is signed but does not say when',
  // The node it announces.
  'bad-key':
    'no request asks for its key: it has no host, is too deep, or begins with "*." where a wildcard is ".example"',
  'bad-address': 'its address is none that a node can have',
  'proto-unsupported': 'nodes of this protocol are not supported yet',
  'modifier1-not-allowed': 'requests with this modifier1 would do something other than serve',
  // Who sends it.
  'address-not-own': 'a sender elsewhere may announce only its own address unless it signs',
  'address-barred': 'only a sender on this machine may announce loopback and link-local addresses',
  'unix-from-elsewhere': 'only a sender on this machine may announce a UNIX socket',
  'not-allowed': 'no line of subscription-allow admits it',
  'source-full': 'its sender has as many nodes as subscription-max-per-source allows',
  'key-full': 'its key has as many nodes as subscription-max-per-key allows',
  'table-full': 'there are as many nodes as subscription-max-nodes allows',
  // Its signature.
  unsigned: 'it is not signed',
  'no-public-key': 'there is no public key for its key',
  'bad-signature': 'its signature does not fit',
  'source-not-signed': 'its address is that of its sender, which a signature does not cover',
  'too-old': 'it was signed too long ago',
  'too-new': 'it was signed in the future',
  replayed: 'one that was signed as late or later came before',
  'before-start': 'it was signed before this start, and what came then is not known',
} as const satisfies Record<string, string>

export type RefusalReason = keyof typeof REFUSALS

/** An announcement that is dropped. */
export interface Refusal {
  readonly kind: 'refused'
  readonly reason: RefusalReason
  /** Which it announced, as sent; '' where that could not be read. */
  readonly key: string
  /** What was seen, one line of printable ASCII of 400 characters at most; '' when the reason says it all. */
  readonly detail: string
  /** The line of the config that would admit it: "subscription-allow = source=…"; '' when none would. */
  readonly remedy: string
}

export function refuse(reason: RefusalReason, detail = '', remedy = ''): Refusal {
  return { kind: 'refused', reason, key: '', detail: detail.slice(0, MOST_DETAIL), remedy }
}

/** With the key that it announced. */
export function ofKey(key: string, refusal: Refusal): Refusal {
  return { ...refusal, key }
}

const MOST_DETAIL = 400
const MOST_SHOWN = 80

/** Text that somebody sent, for a log line: in quotes, in printable ASCII, its first 80 characters. */
export function shown(text: string): string {
  const cut = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}...` : text
  return `"${cut.replace(/[^ !#-[\]-~]/g, escaped)}"`
}

function escaped(character: string): string {
  const code = character.charCodeAt(0)
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}
