// config/options/process.ts: options about processes: how many, their life, their programs.
import { availableParallelism } from 'node:os'
import { flag, integer, seconds, text } from '../kinds.ts'
import { logFile } from '../logger-kinds.ts'
import { list, option, optionOr } from '../option.ts'

const MOST_GATEWAYS = 64
const FILE = text('FILE', 'Write the name of a file')
const NAME = text('NAME', 'Write a name')

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
    'reload-mercy': optionOr(seconds(1), '60', {
      doc: 'How long exchanges in hand may take at a graceful stop, and tunnels and idle connections of replaced gateways may live on.',
    }),
    'touch-reload': list(FILE, { doc: 'Reloads when this file changes, appears or vanishes.' }),
    'exit-on-reload': optionOr(flag, 'false', {
      doc: 'Stops gracefully where a reload was asked for.',
      argument: 'none',
    }),
    'die-on-term': optionOr(flag, 'true', {
      doc: 'SIGTERM stops Sluice gracefully. Written out as "false" it reloads, as in uWSGI.',
      argument: 'none',
    }),
    'no-orphans': optionOr(flag, 'false', {
      doc: 'Gateways end at once when their master is gone; otherwise they first finish what is in hand, for 3 seconds at most.',
      argument: 'none',
    }),
    pidfile: option(FILE, {
      doc: "Writes the master's process id to this file, before privileges are dropped.",
    }),
    pidfile2: option(FILE, {
      doc: "Writes the master's process id to this file, after privileges were dropped.",
    }),
    'safe-pidfile': option(FILE, {
      doc: "Writes the master's process id to this file once every gateway serves.",
    }),
    'safe-pidfile2': option(FILE, { doc: 'The same as safe-pidfile, for one more file.' }),
    daemonize: option(logFile, {
      doc: 'Runs in the background, in a session of its own, and logs to this file. The command returns once Sluice serves, or with what went wrong.',
      short: 'd',
    }),
    daemonize2: option(logFile, { doc: 'The same as daemonize.' }),
    procname: option(NAME, {
      doc: 'Name of all processes in ps, cut to the length of the command line they were started with.',
    }),
    'procname-master': option(NAME, { doc: 'Name of the master in ps.' }),
    'procname-prefix': option(NAME, { doc: 'Put before the names of processes in ps.' }),
    'procname-prefix-spaced': option(NAME, { doc: 'Put before the names of processes in ps, with a space.' }),
    'procname-append': option(NAME, { doc: 'Put behind the names of processes in ps.' }),
    'auto-procname': optionOr(flag, 'true', {
      doc: 'Names processes by their role. Always on: "false" is warned about.',
      argument: 'none',
    }),
    'master-fifo': list(FILE, {
      doc: 'Makes a named pipe that takes one-letter commands: r reload, R reload by new gateways, q stop, Q stop at once, p pause or resume, l reopen logs, L rotate them, s status to the log, P write pid files again. One that exists already is used, and stays. Up to ten; the digits 0 to 9 choose the active one.',
    }),
    'control-socket': option(text('PATH', 'Write a path'), {
      doc: 'UNIX socket, of mode 600, through which "sluice reload", "stop" and "status" talk to the master. Root and the user of uid may connect. By default PID.sock in RUNTIME_DIRECTORY, /run/sluice or the user\'s runtime directory.',
      ours: true,
    }),
    'attach-daemon': list(text('COMMAND', 'Write a shell command'), {
      doc: 'Starts a shell command beside the gateways, restarts it when it ends, and stops it with Sluice. Its environment names in PORT the port of the first http-to on this machine, unless env sets another. A reload restarts it only when its line or environment changed.',
      isShell: true,
    }),
  },
}
