// stats/log-dates.ts: the date texts of log lines, made once a second: 400 ns each would be most of a line's cost.

export const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
export const MONTHS = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const

/** Text of the second in which something happened, remembered for the next call. One per format. */
export class SecondText {
  readonly #print: (date: Date) => string
  #second = -1
  #text = ''

  constructor(print: (date: Date) => string) {
    this.#print = print
  }

  /** @param ms since 1970 */
  at(ms: number): string {
    const second = Math.floor(ms / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#text = this.#print(new Date(second * 1000))
    }
    return this.#text
  }
}

/** ctime(3), local time: "Sat Nov  7 02:19:02 2026". */
export function ctime(date: Date): string {
  const day = String(date.getDate()).padStart(2)
  return `${DAYS[date.getDay()]} ${MONTHS[date.getMonth()]} ${day} ${clock(date)} ${date.getFullYear()}`
}

/** Apache's %t without brackets, local time: "07/Nov/2026:02:19:02 +0100". */
export function commonLogTime(date: Date): string {
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`
  return `${day}:${clock(date)} ${zone(-date.getTimezoneOffset())}`
}

/** ISO 8601 up to the second, UTC: "2026-11-07T01:19:02". */
export function isoSecond(date: Date): string {
  return date.toISOString().slice(0, 19)
}

function clock(date: Date): string {
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** "+0100". @param minutes east of Greenwich */
export function zone(minutes: number): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`
}

/** Two digits. */
export function two(number: number): string {
  return String(number).padStart(2, '0')
}
