// subscription/packet/variables.ts: the variables of a subscription packet: their names and what may stand in them.

/** modifier1 of every subscription packet. */
export const SUBSCRIPTION = 224
export const HEADER_BYTES = 4
/** What uWSGI reads of a datagram; what is longer is cut there and refused here. */
export const MOST_PACKET_BYTES = 4_096

/** A number in plain digits, up to `most`. */
interface NumberRule {
  readonly kind: 'number'
  readonly most: number
}

/** Up to `most` bytes of printable ASCII; blanks only where paths and names of others may have them. */
interface TextRule {
  readonly kind: 'text'
  readonly most: number
  readonly blanks: boolean
}

const MOST_COUNT = 2_147_483_647
// So that the sum over all nodes of a backend stays below 2^31.
const MOST_WEIGHT = 65_535
// The year 9999 and some; exact in a double with room to add.
const MOST_UNIX = 999_999_999_999
const MOST_TEXT = 255
// sun_path as uWSGI fills it.
const MOST_NOTIFY = 101
// RSA with 16,384 bits.
export const MOST_SIGN_BYTES = 2_048

/** Those that mean something here. All others are skipped, `auth` and `inactive` among them: nobody reads them. */
export const VARIABLES: ReadonlyMap<string, NumberRule | TextRule> = new Map<string, NumberRule | TextRule>([
  ['key', { kind: 'text', most: MOST_TEXT, blanks: false }],
  ['address', { kind: 'text', most: MOST_TEXT, blanks: false }],
  ['modifier1', { kind: 'number', most: 255 }],
  ['modifier2', { kind: 'number', most: 255 }],
  ['cores', { kind: 'number', most: MOST_COUNT }],
  ['load', { kind: 'number', most: MOST_COUNT }],
  ['weight', { kind: 'number', most: MOST_WEIGHT }],
  ['backup', { kind: 'number', most: 255 }],
  ['vassal', { kind: 'text', most: MOST_TEXT, blanks: true }],
  ['sni_key', { kind: 'text', most: MOST_TEXT, blanks: true }],
  ['sni_crt', { kind: 'text', most: MOST_TEXT, blanks: true }],
  ['sni_ca', { kind: 'text', most: MOST_TEXT, blanks: true }],
  ['proto', { kind: 'text', most: 32, blanks: false }],
  ['algo', { kind: 'text', most: 64, blanks: false }],
  ['notify', { kind: 'text', most: MOST_NOTIFY, blanks: true }],
  ['clear', { kind: 'number', most: 1 }],
  ['unix', { kind: 'number', most: MOST_UNIX }],
])

/** Longer names are unknown without a look. */
export const LONGEST_NAME = 9
