// subscription/glob.ts: names by pattern: '*' is any run of characters, '?' any one, all else itself.

/** Takes time of at most the two lengths multiplied, whatever they hold: keys come from strangers. */
export function matchesGlob(text: string, pattern: string): boolean {
  let t = 0
  let p = 0
  let star = -1 // place behind the last star seen, and where in the text it was left
  let left = 0
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = ++p
      left = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star
      t = ++left
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
