// test/support/many-rules.ts: long lists of route rules as people grow them: all patterns distinct, seeded.

/** How the patterns are made. */
export type Mix =
  /** A text with an anchor: redirects of old pages. */
  | 'plain'
  /** Groups, classes, branches and counts around texts. */
  | 'rich'
  /** Two thirds plain, one third rich. */
  | 'both'

/** Lines of an ini file of about so many bytes, `route = …` each. @param seed another one for other texts */
export function manyRules(bytes: number, mix: Mix, seed = 1): string[] {
  const random = randomOf(seed)
  const lines: string[] = []
  for (let size = 0, i = 0; size < bytes; i++) {
    const isPlain = mix === 'plain' || (mix === 'both' && i % 3 !== 0)
    const kinds = isPlain ? PLAIN : RICH
    const line = `route = ${kinds[random() % kinds.length]!(i, () => WORDS[random() % WORDS.length]!)}`
    lines.push(line)
    size += line.length + 1
  }
  return lines
}

type Line = (i: number, word: () => string) => string

const WORDS =
  'shop news item cart user order media static blog team press jobs legal about help search tag photo video forum docs wiki'.split(
    ' ',
  )

const PLAIN: readonly Line[] = [
  i => `^/svc${i}/ key:a.example`,
  (i, word) => `^/${word()}/${word()}-${i}$ redirect-permanent:/${word()}/${i}`,
  (i, word) => `^/old/${word()}${i}/(.*) redirect-permanent:/${word()}/$1`,
  (i, word) => `^/${word()}/${i}\\.html$ redirect-permanent:/${word()}/${i}/`,
]

const RICH: readonly Line[] = [
  (i, word) => `^/api/v${i % 5}/${word()}${i}/([0-9]+)$ rewrite:/api/item/$1`,
  (i, word) => `^/${word()}${i}/(?:edit|view)/[a-z]+ key:a.example`,
  i => `/legacy${i}\\.php$ return:410`,
  (i, word) => `^/(?:de|en|fr)/${word()}${i}/ key:a.example`,
  (i, word) => `^/api/v[0-9]+/${word()}${i}/([^/]+)/orders/?$ redirect:/o/$1`,
  (i, word) => `^/${word()}/(\\d{4})/(\\d\\d)/${word()}-${i}/?$ redirect-permanent:/${word()}/$1-$2/`,
  (i, word) => `(?i)^/${word()}${i}/?$ redirect-permanent:/${word()}/`,
  (i, word) => `^/(${word()}|${word()})-${i}/(.+)\\.(jpe?g|png|gif)$ addheader:X-Kind: $3`,
]

// Numbers that look random and are the same each time.
function randomOf(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state
  }
}
