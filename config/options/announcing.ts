// config/options/announcing.ts: options by which an instance announces itself to others.
import { subscribe2Line, subscribeToLine } from '../announce-kinds.ts'
import { list } from '../option.ts'

const NOT_YET =
  'Its grammar is checked, then it is refused: this version runs no workers that it could announce. See "sluice subscribe --help".'

export const announcingOptions = {
  title: 'Announcing',
  options: {
    'subscribe-to': list(subscribeToLine, {
      doc: `Announce this instance to a router. ${NOT_YET}`,
      aliases: ['st', 'subscribe'],
    }),
    subscribe2: list(subscribe2Line, {
      doc: `The same, by names. ${NOT_YET}`,
    }),
  },
}
