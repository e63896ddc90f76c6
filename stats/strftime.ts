// stats/strftime.ts: dates in the form of strftime(3), in local time and English, for log lines.
import { DAYS, MONTHS, two, zone } from './log-dates.ts'

const LONG_DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const
const LONG_MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const

type Print = (date: Date) => string

/** A function that prints dates in this form, read once. Conversions that are not known stay as they are written. */
export function strftime(format: string): Print {
  const parts: (string | Print)[] = []
  let behind = 0
  for (const match of format.matchAll(/%(.)/gs)) {
    parts.push(format.slice(behind, match.index), CONVERSIONS[match[1]!] ?? match[0])
    behind = match.index + match[0].length
  }
  parts.push(format.slice(behind))
  return date => {
    let text = ''
    for (const part of parts) text += typeof part === 'string' ? part : part(date)
    return text
  }
}

const CONVERSIONS: Readonly<Record<string, Print>> = {
  __proto__: null as never,
  '%': () => '%',
  a: date => DAYS[date.getDay()]!,
  A: date => LONG_DAYS[date.getDay()]!,
  b: date => MONTHS[date.getMonth()]!,
  B: date => LONG_MONTHS[date.getMonth()]!,
  c: composed('%a %b %e %H:%M:%S %Y'),
  C: date => two(Math.floor(date.getFullYear() / 100)),
  d: date => two(date.getDate()),
  D: composed('%m/%d/%y'),
  e: date => String(date.getDate()).padStart(2),
  F: composed('%Y-%m-%d'),
  h: date => MONTHS[date.getMonth()]!,
  H: date => two(date.getHours()),
  I: date => two(hourOfTwelve(date)),
  j: date => String(dayOfYear(date)).padStart(3, '0'),
  k: date => String(date.getHours()).padStart(2),
  l: date => String(hourOfTwelve(date)).padStart(2),
  m: date => two(date.getMonth() + 1),
  M: date => two(date.getMinutes()),
  n: () => ' ', // a log line stays one line
  p: date => (date.getHours() < 12 ? 'AM' : 'PM'),
  P: date => (date.getHours() < 12 ? 'am' : 'pm'),
  r: composed('%I:%M:%S %p'),
  R: composed('%H:%M'),
  s: date => String(Math.floor(date.getTime() / 1000)),
  S: date => two(date.getSeconds()),
  t: () => '\t',
  T: composed('%H:%M:%S'),
  u: date => String(date.getDay() || 7),
  w: date => String(date.getDay()),
  x: composed('%m/%d/%y'),
  X: composed('%H:%M:%S'),
  y: date => two(date.getFullYear() % 100),
  Y: date => String(date.getFullYear()),
  z: date => zone(-date.getTimezoneOffset()),
  Z: zoneName,
}

// Made at its first use: the table it is read from must be whole.
function composed(format: string): Print {
  let print: Print | null = null
  return date => {
    print ??= strftime(format)
    return print(date)
  }
}

function hourOfTwelve(date: Date): number {
  return date.getHours() % 12 || 12
}

function dayOfYear(date: Date): number {
  const today = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return (today - Date.UTC(date.getFullYear(), 0, 1)) / 86_400_000 + 1
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
}
