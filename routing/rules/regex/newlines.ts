// routing/rules/regex/newlines.ts: how PCRE's `$` is asked about newlines, which JavaScript's is not.
//
// PCRE's `$` is also true before a newline that ends the subject. No linear engine looks ahead; but `(?m:$)` does, at one
// character: it is true before any of \n \r U+2028 U+2029. So a subject that ends in a newline, and only such a one, is
// rewritten: of these characters it keeps the last newline, and all others get names beyond the bytes.

/** The pattern in which each `$` of PCRE is also true before a newline; \z, spelled (?:$), stays. */
export function newlineSource(source: string): string {
  return source.replace(PARTS, part => (part === '$' ? '(?m:$)' : part))
}

const PARTS = /\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\(\?:\$\)|\(\?m:\$\)|\$/g

/** A subject that ends in a newline, as `newlineSource` wants it. */
export function withOneNewline(subject: string): string {
  return `${subject.slice(0, -1).replace(/\n/g, '\u0100').replace(/\r/g, '\u0101')}\n`
}

/** A subject in which only newlines end lines. */
export function withoutReturns(subject: string): string {
  return subject.replace(/\r/g, '\u0101')
}

/** A part of either, with its bytes again. */
export function restored(text: string): string {
  return text.replace(/\u0100/g, '\n').replace(/\u0101/g, '\r')
}
