// config/words.ts: values of the form `word=value,word=value`, each word at most once.

/**
 * @param names those that may be written
 * @returns what was said, blanks around it cut; or in words what is wrong
 */
export function readWords<const W extends string>(
  text: string,
  names: readonly W[],
): ReadonlyMap<W, string> | string {
  const said = new Map<W, string>()
  for (const part of text.split(',')) {
    const equals = part.indexOf('=')
    const word = names.find(name => name === part.slice(0, Math.max(0, equals)).trim())
    if (word === undefined) return `"${part.trim()}" is none of ${names.join('=, ')}=`
    if (said.has(word)) return `${word} is given twice`
    said.set(word, part.slice(equals + 1).trim())
  }
  return said
}

/** @returns null for what is no whole number from `min` to `max` */
export function wholeNumber(text: string, min: number, max: number): number | null {
  return /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : null
}
