// config/announcing-checks.ts: lines that announce this instance, which has nothing to announce yet.
import { hostPort } from '../base/address.ts'
import type { AnnounceLine } from './announce-line.ts'
import type { Checked, Tell } from './checked.ts'

/** Pure. */
export function checkAnnouncing({ values, place }: Checked, wrong: Tell, warn: Tell): void {
  const tell = values.strict ? wrong : warn
  for (const option of ['subscribe-to', 'subscribe2'] as const) {
    for (const [i, line] of values[option].entries()) {
      const problem = `option "${option}" has nothing to announce: this version runs no application workers`
      tell(place(option, i), problem, `Announce the application by "${commandFor(line)}"`)
    }
  }
}

/** What says the same as the line; what it leaves open in capitals. */
function commandFor({ to, key, address, modifier1, weight, backup, sign, proto }: AnnounceLine): string {
  const words = [
    `sluice subscribe --to ${hostPort(to.host, to.port)}`,
    `--key ${key.startsWith('@') ? 'KEY' : key}`,
    `--address ${proto === '' ? '' : `${proto}://`}${address === '' ? 'ADDRESS' : address}`,
    modifier1 === 0 ? '' : `--modifier1 ${modifier1}`,
    weight === null ? '' : `--weight ${weight}`,
    backup === 0 ? '' : `--backup ${backup}`,
    sign === '' ? '' : `--sign ${sign}`,
  ]
  return words.filter(word => word !== '').join(' ')
}
