// routing/rules/fields.ts: what rules may write into heads: names that are names, values without line ends, and nothing that
// frames a message.

// RFC 9110 section 5.6.2.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// The gateway's own business: of the connection, or how long the body is.
const FRAMING = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

// Fields of a request that end at the gateway: between us and the client, or never believed (Proxy: httpoxy).
const NOT_FOR_NODES = new Set([
  'expect',
  'http2-settings',
  'proxy',
  'proxy-authenticate',
  'proxy-authorization',
])

export function isFieldName(text: string): boolean {
  return TOKEN.test(text)
}

/**
 * Whether a text would end a head, or be read as the end of one by somebody: CR, LF, NUL. No valid value has the other
 * control characters either, but for the tab.
 */
export function isHarmful(text: string): boolean {
  // Most texts are so short that calling the engine is what costs.
  if (text.length > 24) return /[\0-\x08\n-\x1f\x7f]/.test(text)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < 32 && code !== 9) || code === 127) return true
  }
  return false
}

/** Whether rules may not write a field. @param name in lower case */
export function isFraming(name: string): boolean {
  return FRAMING.has(name)
}

/** Whether no node gets a field of the request, whoever writes it. @param name in lower case */
export function isForNoNode(name: string): boolean {
  return FRAMING.has(name) || NOT_FOR_NODES.has(name)
}

/** Name of a "Name: value" line as it is spelled; '' without one. */
export function nameOfLine(line: string): string {
  const colon = line.indexOf(':')
  return colon < 0 ? '' : line.slice(0, colon)
}

/** The field, in lower case, that a CGI variable stands for; '': none. */
export function fieldOf(variable: string): string {
  if (variable.startsWith('HTTP_')) return variable.slice(5).toLowerCase().replaceAll('_', '-')
  return variable === 'CONTENT_TYPE' ? 'content-type' : variable === 'CONTENT_LENGTH' ? 'content-length' : ''
}

/** A text for Location: what no URL may hold is percent-encoded, so that it cannot end the head. */
export function locationOf(text: string): string {
  return /^[\x21-\x7e]*$/.test(text) ? text : text.replace(/[^\x21-\x7e]/g, percent)
}

/** "%0D". @param char one byte */
export function percent(char: string): string {
  const code = char.charCodeAt(0)
  return `%${code < 16 ? '0' : ''}${code.toString(16).toUpperCase()}`
}
