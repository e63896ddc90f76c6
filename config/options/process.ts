// config/options/process.ts: options about processes: how many, their life, their programs.
import { availableParallelism } from 'node:os'
import { flag, integer, text } from '../kinds.ts'
import { list, option, optionOr } from '../option.ts'

const MOST_GATEWAYS = 64

export const processOptions = {
  title: 'Processes',
  options: {
    'http-processes': optionOr(
      integer(1, MOST_GATEWAYS),
      { text: 'one per CPU core', compute: () => Math.min(MOST_GATEWAYS, availableParallelism()) },
      { doc: 'Number of gateway processes, which carry the traffic.', aliases: ['http-workers'] },
    ),
    master: optionOr(flag, 'true', {
      doc: 'The master supervises the gateways. It always runs: "false" is warned about.',
      short: 'M',
      argument: 'none',
    }),
    pidfile: option(text('FILE', 'Write the name of a file'), {
      doc: "Writes the master's process id to this file.",
    }),
    'die-on-term': optionOr(flag, 'true', {
      doc: 'SIGTERM stops Sluice, always. "false" (SIGTERM reloads) is not supported yet.',
      argument: 'none',
    }),
    'attach-daemon': list(text('COMMAND', 'Write a shell command'), {
      doc: 'Starts a shell command beside the gateways, restarts it when it ends, and stops it with Sluice. Its environment names in PORT the port of the first http-to on this machine, unless env sets another.',
      isShell: true,
    }),
  },
}
