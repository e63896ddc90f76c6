// gateway/http1/chunked.ts: the chunked coding (RFC 9112 section 7.1), checked while its bytes pass unchanged.
// A body that a stricter or laxer reader could cut elsewhere never leaves us. Resumable at any byte.
import { HEX, TOKEN, TOKEN_FOLDED, VALUE } from './characters.ts'
import { hashOn, isBarredTrailer } from './field-names.ts'

const SIZE = 0
const EXTENSION = 1 // behind ';': the name of an extension begins
const EXTENSION_NAME = 12
const EXTENSION_VALUE = 13 // behind '=': it begins
const EXTENSION_TOKEN = 14 // inside a value without quotes
const QUOTED = 15 // inside a value with quotes
const EXTENSION_END = 16 // behind the second quote
const SIZE_LF = 2
const DATA = 3
const DATA_CR = 4
const DATA_LF = 5
const LINE_START = 6 // of a trailer field or of the last, empty line
const TRAILER_NAME = 7
const TRAILER_VALUE = 8
const TRAILER_LF = 9
const LAST_LF = 10
const DONE = 11

const SEMICOLON = 59
const EQUALS = 61
const QUOTE = 34
const BACKSLASH = 92

const MOST_SIZE_DIGITS = 12
const MOST_EXTENSION_BYTES = 1024
const MOST_TRAILER_BYTES = 8192

export class Chunked {
  #state = SIZE
  #left = 0
  #digits = 0
  #extra = 0
  #name = 0 // hash of a trailer's name
  #isLast = false
  /** Data bytes seen, without framing. */
  dataBytes = 0

  /** Make it ready for another body. */
  reset(): void {
    this.#state = SIZE
    this.#left = this.#digits = this.#extra = this.dataBytes = 0
    this.#isLast = false
  }

  get isDone(): boolean {
    return this.#state === DONE
  }

  /**
   * Advances over bytes[from, end).
   *
   * @param onData told each run of data bytes, for who needs the body without its framing
   * @returns offset behind the last byte that belongs to the body: `end`, or before it when {@link isDone};
   * -1 when the framing is broken
   */
  advance(
    bytes: Uint8Array,
    from: number,
    end: number,
    onData?: (start: number, end: number) => void,
  ): number {
    let state = this.#state
    let p = from
    while (p < end) {
      if (state === DATA) {
        const run = Math.min(this.#left, end - p)
        if (onData !== undefined) onData(p, p + run)
        p += run
        this.dataBytes += run
        this.#left -= run
        if (this.#left > 0) break
        state = DATA_CR
        continue
      }
      const byte = bytes[p++]!
      switch (state) {
        case SIZE: {
          const digit = HEX[byte]!
          if (digit !== 255) {
            if (++this.#digits > MOST_SIZE_DIGITS) return -1
            this.#left = this.#left * 16 + digit
          } else if (this.#digits === 0) return -1
          else if (byte === 13) state = SIZE_LF
          else if (byte === SEMICOLON) {
            state = EXTENSION
            this.#extra = 0
          } else return -1
          break
        }
        case EXTENSION:
        case EXTENSION_NAME:
        case EXTENSION_VALUE:
        case EXTENSION_TOKEN:
        case QUOTED:
        case EXTENSION_END:
          if (++this.#extra > MOST_EXTENSION_BYTES) return -1
          state = inExtension(state, byte)
          if (state < 0) return -1
          break
        case SIZE_LF:
          if (byte !== 10) return -1
          this.#digits = this.#extra = 0
          this.#isLast = this.#left === 0
          state = this.#isLast ? LINE_START : DATA
          break
        case DATA_CR:
          if (byte !== 13) return -1
          state = DATA_LF
          break
        case DATA_LF:
          if (byte !== 10) return -1
          state = SIZE
          break
        case LINE_START:
          if (byte === 13) state = LAST_LF
          else if (TOKEN[byte] === 0 || ++this.#extra > MOST_TRAILER_BYTES) return -1
          else {
            this.#name = hashOn(0, TOKEN_FOLDED[byte]!)
            state = TRAILER_NAME
          }
          break
        case TRAILER_NAME:
          if (++this.#extra > MOST_TRAILER_BYTES) return -1
          if (byte === 58) {
            if (isBarredTrailer(this.#name)) return -1
            state = TRAILER_VALUE
          } else if (TOKEN[byte] === 0) return -1
          else this.#name = hashOn(this.#name, TOKEN_FOLDED[byte]!)
          break
        case TRAILER_VALUE:
          if (byte === 13) state = TRAILER_LF
          else if (VALUE[byte] !== 1 || ++this.#extra > MOST_TRAILER_BYTES) return -1
          break
        case TRAILER_LF:
          if (byte !== 10) return -1
          state = LINE_START
          break
        case LAST_LF:
          if (byte !== 10) return -1
          this.#state = DONE
          return p
        default:
          return p - 1 // done: nothing here is ours
      }
    }
    this.#state = state
    return p
  }
}

// RFC 9112 section 7.1.1 without blanks: ;name, ;name=token or ;name="text". @returns the next state, or -1
function inExtension(state: number, byte: number): number {
  // No escapes: readers differ on them, and nobody sends them.
  if (state === QUOTED) {
    if (byte === QUOTE) return EXTENSION_END
    return VALUE[byte] === 1 && byte !== BACKSLASH ? QUOTED : -1
  }
  if (TOKEN[byte] !== 0) {
    if (state === EXTENSION) return EXTENSION_NAME
    if (state === EXTENSION_VALUE) return EXTENSION_TOKEN
    return state === EXTENSION_END ? -1 : state
  }
  if (state === EXTENSION) return -1
  if (state === EXTENSION_VALUE) return byte === QUOTE ? QUOTED : -1
  if (byte === 13) return SIZE_LF
  if (byte === SEMICOLON) return EXTENSION
  return byte === EQUALS && state === EXTENSION_NAME ? EXTENSION_VALUE : -1
}
