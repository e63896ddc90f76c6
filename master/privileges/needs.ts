// master/privileges/needs.ts: what an instance will need from the file system once it is no longer root.
import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stateDirectories } from '../../certs/manage/state-directory.ts'
import type { Config, Place } from '../../config/config.ts'
import type { ListenerPlan } from '../sockets/listeners.ts'
import type { BindRequest } from '../sockets/sockets.ts'
import type { Need } from './trial.ts'
import type { UserPlan } from './user.ts'

/** The parts of a start's plan that name files. */
export interface Needy {
  readonly config: Config
  readonly startDirectory: string
  readonly listeners: readonly ListenerPlan[]
  readonly binds: readonly BindRequest[]
  /** Where daemons run. */
  readonly directory: string
}

/** Code that processes of ours load after the drop. */
const FOLDERS = [
  'base',
  'bin',
  'certs',
  'config',
  'gateway',
  'master',
  'routing',
  'stats',
  'store',
  'subscription',
]
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const RELOAD = 'a reload could not read it'

/** Everything to try, what matters most first. */
export function needsOf(plan: Needy, user: UserPlan): Need[] {
  return [
    ...programNeeds(user),
    ...configNeeds(plan, user),
    ...certificateNeeds(plan),
    ...directoryNeeds(plan),
    ...logNeeds(plan, user),
    ...pidfileNeeds(plan, user),
    ...socketNeeds(plan, user),
  ]
}

/** A file that an option names. `path` is absolute. */
interface NamedFile {
  readonly path: string
  readonly place: Place
}

/** Files of logs that the config names; several options may name one. */
export function logFiles({ config, startDirectory }: Pick<Needy, 'config' | 'startDirectory'>): NamedFile[] {
  const { values, place } = config
  const loggers = (['logger', 'req-logger'] as const).flatMap(option =>
    values[option].map((target, i) => ({ target, place: place(option, i) })),
  )
  const logs = (['logto', 'logto2', 'daemonize', 'daemonize2'] as const).map(option => {
    return { target: values[option], place: place(option) }
  })
  const files = [...logs, ...loggers].flatMap(({ target, place }) => {
    return target?.kind === 'file' ? [{ path: resolve(startDirectory, target.path), place }] : []
  })
  const access = values['access-log']
  if (access === null || access === '-') return files
  return [...files, { path: resolve(startDirectory, access), place: place('access-log') }]
}

function programNeeds({ place, name }: UserPlan): Need[] {
  const consequence = 'gateways could not start'
  const own = `Sluice's own files in ${ROOT.replace(/\/$/, '')}`
  const remedy = 'Install Sluice under /opt, and let every user read it (chmod -R a+rX)'
  const files: Need[] = ownFiles().map(path => {
    return { access: 'read', path, what: own, consequence, place, remedy }
  })
  const node = process.execPath
  return [
    ...files,
    {
      access: 'run',
      path: node,
      what: `Node, ${node},`,
      consequence,
      place,
      remedy: `Install Node under /opt or /usr/local, where ${name} may run it`,
    },
  ]
}

function ownFiles(): string[] {
  const folders = FOLDERS.map(folder => join(ROOT, folder)).filter(folder => existsSync(folder))
  const code = folders.flatMap(folder => {
    return readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry: Dirent) =>
      join(entry.parentPath, entry.name),
    )
  })
  return [...folders, ...code, ...packageFiles()]
}

// Our package.json, and the entry of each package we depend on.
function packageFiles(): string[] {
  const file = join(ROOT, 'package.json')
  const { dependencies = {} } = JSON.parse(readFileSync(file, 'utf8'))
  return [file, ...Object.keys(dependencies).flatMap(entryOf)]
}

function entryOf(name: string): string[] {
  try {
    return [fileURLToPath(import.meta.resolve(name))]
  } catch {
    return [] // missing ones stopped us before
  }
}

function configNeeds({ config }: Needy, { place }: UserPlan): Need[] {
  return config.files.map(path => {
    return { access: 'read', path, what: `the config file ${path}`, consequence: RELOAD, place }
  })
}

function certificateNeeds({ listeners, startDirectory }: Needy): Need[] {
  return listeners.flatMap(({ tls, place }) => {
    if (tls === null) return []
    if (tls.cert === 'self-signed' && tls.key === '') return stateNeeds(place)
    const files = [
      ['certificate', tls.cert === tls.key ? '' : tls.cert],
      ['key', tls.key],
      ['CA certificate', tls.clientCa],
    ] as const
    return files
      .filter(([, name]) => name !== '')
      .map(([kind, name]): Need => {
        const path = resolve(startDirectory, name)
        return { access: 'read', path, what: `the ${kind} ${path}`, consequence: RELOAD, place }
      })
  })
}

// The directory itself is made, and given away, before the drop.
function stateNeeds(place: Place): Need[] {
  const path = dirname(resolve(stateDirectories()[0]!))
  const consequence = 'a reload could not read the self-signed certificate in it'
  return [{ access: 'enter', path, what: `the directory ${path}`, consequence, place }]
}

function directoryNeeds({ config, startDirectory, directory }: Needy): Need[] {
  const { values, place } = config
  const enter = (path: string, consequence: string, place: Place): Need => {
    return { access: 'enter', path, what: `the directory ${path}`, consequence, place }
  }
  const needs: Need[] = []
  if (values['attach-daemon'].length > 0) {
    needs.push(
      enter(
        directory,
        'attach-daemon could not run there',
        place(values.chdir === null ? 'attach-daemon' : 'chdir'),
      ),
    )
  } else if (values.chdir !== null) {
    needs.push(enter(directory, 'nothing could run there', place('chdir')))
  }
  for (const option of ['touch-reload', 'touch-logreopen', 'touch-logrotate'] as const) {
    for (const [i, name] of values[option].entries()) {
      const path = dirname(resolve(startDirectory, name))
      needs.push(enter(path, `${option} could not watch ${name}`, place(option, i)))
    }
  }
  return needs
}

// Those that do not exist yet are made, and given away, before the drop.
function logNeeds(plan: Needy, { name }: UserPlan): Need[] {
  const { values } = plan.config
  const isRotated = values['log-maxsize'] !== null || values['touch-logrotate'].length > 0
  return logFiles(plan).flatMap(({ path, place }) => {
    const consequence = 'it could not be opened again'
    const log: Need = values['logfile-chown']
      ? { access: 'enter', path: dirname(path), what: `the directory of the log ${path}`, consequence, place }
      : { access: 'append', path, what: `the log ${path}`, consequence, place, orElse: 'write logfile-chown' }
    if (!isRotated) return [log]
    return [log, removable(dirname(path), `the log ${path} could not be rotated`, place, name)]
  })
}

function pidfileNeeds({ config, startDirectory }: Needy, { name }: UserPlan): Need[] {
  const early = pathOf(config, 'pidfile', startDirectory)
  const late = (['pidfile2', 'safe-pidfile', 'safe-pidfile2'] as const).flatMap(option =>
    pathOf(config, option, startDirectory),
  )
  return [
    ...early.map(({ path, place }) => stays('pid file', path, place, name)),
    ...late.map(({ path, place }): Need => {
      const what = `the pid file ${path}`
      const consequence = 'it is written after Sluice became that user'
      const remedy = `Name a file in a directory that belongs to ${name}`
      if (existsSync(path)) return { access: 'append', path, what, consequence, place, remedy }
      return {
        access: 'make',
        path: dirname(path),
        what: `${what} cannot be made, as the directory ${dirname(path)}`,
        consequence,
        place,
        remedy,
      }
    }),
  ]
}

function socketNeeds({ binds, config, startDirectory }: Needy, { name }: UserPlan): Need[] {
  const sockets = binds.flatMap(({ target, place, inherited }) => {
    if (target.kind !== 'unix' || target.path.startsWith('\0') || inherited !== null) return []
    const { path } = target
    const consequence = `the socket file ${path} stays behind at a stop, and a reload could not bind another one there`
    return [removable(dirname(path), consequence, place, name)]
  })
  const control = pathOf(config, 'control-socket', startDirectory)
  const pipes = config.values['master-fifo'].map((pipe, i) => {
    return { path: resolve(startDirectory, pipe), place: config.place('master-fifo', i) }
  })
  return [
    ...sockets,
    ...control.map(({ path, place }) => stays('control socket', path, place, name)),
    ...pipes.map(({ path, place }) => stays('named pipe', path, place, name)),
  ]
}

function stays(kind: string, path: string, place: Place, user: string): Need {
  return removable(dirname(path), `the ${kind} ${path} stays behind at a stop`, place, user)
}

function removable(directory: string, consequence: string, place: Place, user: string): Need {
  return {
    access: 'make',
    path: directory,
    what: `the directory ${directory}`,
    consequence,
    place,
    remedy: `Name a file in a directory that belongs to ${user}`,
    isDispensable: true,
  }
}

function pathOf(
  { values, place }: Config,
  option: 'pidfile' | 'pidfile2' | 'safe-pidfile' | 'safe-pidfile2' | 'control-socket',
  startDirectory: string,
): NamedFile[] {
  const name = values[option]
  return name === null ? [] : [{ path: resolve(startDirectory, name), place: place(option) }]
}
