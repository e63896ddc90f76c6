// bin/length-text.ts: a length of time for people: "3 min 2 s".

const SECOND = 1000
const UNITS = [
  ['d', 86_400 * SECOND],
  ['h', 3600 * SECOND],
  ['min', 60 * SECOND],
  ['s', SECOND],
] as const

/** In its largest unit and the next smaller one. */
export function lengthText(ms: number): string {
  const at = UNITS.findIndex(([, unit]) => ms >= unit)
  if (at < 0) return '0 s'
  const [[name, unit], smaller] = [UNITS[at]!, UNITS[at + 1]]
  const rest = smaller ? ` ${Math.floor((ms % unit) / smaller[1])} ${smaller[0]}` : ''
  return `${Math.floor(ms / unit)} ${name}${rest}`
}
