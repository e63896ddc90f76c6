// stats/log-escape.ts: client-supplied bytes on their way into a log line, so that no client can write lines,
// fields or terminal commands of its own. Texts are bytes as Latin-1; what comes out is printable ASCII.

/** For a place that ends at a space, such as an unquoted target. */
export function word(text: string): string {
  return isPlainWord(text) ? text : text.replace(NOT_IN_WORD, asHex)
}

/** For a place between double quotes. */
export function quoted(text: string): string {
  return isPlainText(text) ? text : text.replace(NOT_IN_QUOTES, asHex)
}

/** For a JSON string, without its quotes. */
export function inJson(text: string): string {
  return isPlainText(text) ? text : text.replace(NOT_IN_QUOTES, asJson)
}

const NOT_IN_WORD = /[^!#-[\]-~]/g
const NOT_IN_QUOTES = /[^ !#-[\]-~]/g

const SLOTS = 64 // a text may keep the whole head alive that it was cut from
const LONGEST_REMEMBERED = 512

const isPlainWord = remembering(/^[!#-[\]-~]*$/)
const isPlainText = remembering(/^[ !#-[\]-~]*$/)

/**
 * A test that recalls the last plain texts. Most fields are those of the line before or of a few lines before;
 * comparing takes 10 ns, where looking at each byte of a browser's name takes 100.
 */
function remembering(plain: RegExp): (text: string) => boolean {
  const known: string[] = new Array(SLOTS).fill('')
  return text => {
    const length = text.length
    if (length === 0) return true
    // The middle and the end differ most: hosts and targets share their beginnings.
    const slot = (length * 61 + text.charCodeAt(length - 1) * 7 + text.charCodeAt(length >> 1)) & (SLOTS - 1)
    if (known[slot] === text) return true
    if (!plain.test(text)) return false
    if (length <= LONGEST_REMEMBERED) known[slot] = text
    return true
  }
}

function asHex(char: string): string {
  const code = char.charCodeAt(0)
  // Beyond Latin-1 is text of ours, such as the path of a node.
  return code > 0xff ? asJson(char) : `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`
}

function asJson(char: string): string {
  if (char === '"') return '\\"'
  if (char === '\\') return '\\\\'
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}
