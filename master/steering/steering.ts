// master/steering/steering.ts: everything by which others find, watch and steer a running master, each at its moment of the start.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config, Problem } from '../../config/config.ts'
import type { ReloadReport } from '../controls.ts'
import type { Log } from '../logs/log.ts'
import type { Owner } from '../privileges/owner.ts'
import { unwritable } from '../privileges/writable.ts'
import { ControlSocket } from './control-socket.ts'
import { fifoProblems, MasterFifo } from './fifo.ts'
import { ReadinessNotifier } from './notify.ts'
import { Pidfiles, pidfileProblems } from './pidfile.ts'
import { type Command, Requests, type Steered } from './requests.ts'
import { TouchedFiles } from './touch.ts'

const TOUCHES = {
  'touch-reload': 'reload',
  'touch-logreopen': 'reopen logs',
  'touch-logrotate': 'rotate logs',
} as const satisfies Record<string, Command>

export interface SteeringOptions {
  readonly master: Steered
  /** Where Sluice was started: relative names begin there. */
  readonly directory: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where systemd hears how far we are; null: nobody does. */
  readonly notifySocket: string | null
  readonly log: Log
  readonly onStopped: () => void
}

/** What a start would be refused for, as far as that can be known without touching anything. */
export function steeringProblems(config: Config, directory: string): Problem[] {
  return [
    ...pidfileProblems(config, directory),
    ...fifoProblems(config, directory),
    ...missingDirectories(config, directory),
  ]
}

// Of what is made when Sluice starts.
function missingDirectories({ values, place }: Config, directory: string): Problem[] {
  const socket = values['control-socket']
  const made = [
    ...(socket === null ? [] : [{ name: socket, what: 'control socket', at: place('control-socket') }]),
    ...values['master-fifo'].map((name, i) => ({ name, what: 'named pipe', at: place('master-fifo', i) })),
  ]
  return made.flatMap(({ name, what, at }) => {
    const path = resolve(directory, name)
    return existsSync(path) ? [] : unwritable(path, what, at)
  })
}

export class Steering {
  readonly #options: SteeringOptions
  readonly #pidfiles: Pidfiles
  readonly #fifo: MasterFifo
  readonly #touched = new TouchedFiles()
  readonly #notifier: ReadinessNotifier
  readonly requests: Requests
  #control: ControlSocket | null = null

  constructor(options: SteeringOptions) {
    const { master, directory, log, notifySocket, onStopped } = options
    this.#options = options
    this.#pidfiles = new Pidfiles(master.config, directory)
    this.#notifier = new ReadinessNotifier(notifySocket, log)
    this.requests = new Requests({
      master,
      pidfiles: this.#pidfiles,
      log,
      onReloaded: report => this.#reloaded(report),
      onStopping: () => void this.#notifier.stopping(),
      onStopped,
    })
    this.#fifo = new MasterFifo(master.config, directory, command => this.requests.obey(command), log)
  }

  /** Before anything is bound: a second start on the same pid file must not get further. @throws StartRefused */
  check(): void {
    this.#pidfiles.check()
  }

  /** Makes what may need the rights that are given up next. @param owner null: none are. @throws StartRefused */
  async beforeDrop(owner: Owner | null): Promise<void> {
    const { master, directory, env, log } = this.#options
    this.#pidfiles.write('first', owner)
    await this.#fifo.open(owner)
    const control = new ControlSocket({
      config: master.config,
      directory,
      env,
      owner,
      controls: this.requests,
      log,
    })
    this.#control = control
    await control.open()
  }

  /** @throws StartRefused */
  afterDrop(): void {
    this.#pidfiles.write('dropped')
  }

  /** Every gateway serves. @param status for systemctl status. @throws StartRefused */
  serving(status: string): void {
    this.#pidfiles.write('serving')
    this.#followTouches()
    this.requests.started()
    void this.#notifier.ready(status)
  }

  /** Takes all of it away. Twice is harmless. */
  close(): void {
    this.#touched.stop()
    this.#fifo.close()
    this.#control?.close()
    this.#pidfiles.remove()
  }

  #reloaded({ kind, tookMs }: ReloadReport): void {
    if (kind !== 'in place' && kind !== 'new generation') return
    this.#followTouches()
    void this.#notifier.status(`reloaded (${kind}) in ${Math.round(tookMs)} ms`)
  }

  #followTouches(): void {
    const { master, directory, log } = this.#options
    const act = (command: Command) => (path: string) => {
      log.info({ file: path, command, by: 'touched file' }, 'asked to')
      this.requests.obey(command)
    }
    this.#touched.follow(
      Object.entries(TOUCHES).flatMap(([option, command]) =>
        master.config.values[option as keyof typeof TOUCHES].map(name => {
          return { path: resolve(directory, name), act: act(command) }
        }),
      ),
    )
  }
}
