// config/options/statistics.ts: options about what an instance tells of itself.
import { statsAddress } from '../address-kinds.ts'
import { flag } from '../kinds.ts'
import { option, optionOr } from '../option.ts'

export const statisticsOptions = {
  title: 'Statistics',
  options: {
    'http-stats': option(statsAddress, {
      doc: "Writes uWSGI's JSON about the http router, summed over all gateways, to whoever connects there. Anybody who reaches the address may read it.",
      aliases: ['http-stats-server', 'http-ss'],
    }),
    'stats-http': optionOr(flag, 'false', {
      doc: 'Lets http-stats speak HTTP: it waits for a request, and answers any.',
      argument: 'none',
    }),
  },
}
