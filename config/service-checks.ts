// config/service-checks.ts: what is wrong between the options of a service: its rights, its life, its limits.
import { normalize } from 'node:path'
import type { Checked, Tell } from './checked.ts'
import { listenersOf } from './listeners.ts'

const TAKE_OUT = 'Take it out'
const TAKE_ONE = 'Take one of them out'
const PIDFILES = ['pidfile', 'pidfile2', 'safe-pidfile', 'safe-pidfile2'] as const

/** Pure. */
export function checkService(checked: Checked, wrong: Tell, warn: Tell): void {
  checkRights(checked, wrong)
  checkProxyProtocol(checked, wrong)
  checkAlwaysOn(checked, warn)
  checkPidfiles(checked, warn)
  checkConnections(checked, warn)
}

// Names and numbers of one user cannot be told apart here: they are compared as they are written.
function checkRights({ values, place }: Checked, wrong: Tell): void {
  for (const [own, option] of [
    ['http-uid', 'uid'],
    ['http-gid', 'gid'],
  ] as const) {
    if (values[own] === null || values[own] === values[option]) continue
    const differs =
      values[option] === null ? `but there is no ${option}` : `but "${option}" is "${values[option]}"`
    const problem = `option "${own}" is "${values[own]}", ${differs}: all processes of an instance run as one user and group`
    wrong(place(own), problem, `Write ${option} = ${values[own]}, and take ${own} out`)
  }
  if (values['master-as-root']) {
    const problem =
      '"master-as-root = true" is not supported: nothing of Sluice stays root once every socket is bound'
    wrong(place('master-as-root'), problem, TAKE_OUT)
  }
}

// The header comes before TLS, and Node reads ahead of TLS on TCP sockets only.
function checkProxyProtocol({ values, place }: Checked, wrong: Tell): void {
  const option = values['enable-proxy-protocol'] ? 'enable-proxy-protocol' : 'http-enable-proxy-protocol'
  if (!values[option]) return
  for (const { option: listener, address, tls, place: at } of listenersOf({ values, place })) {
    const socket = address.kind === 'shared' ? values['shared-socket'][address.index] : address
    if (tls === null || (socket?.kind !== 'unix' && socket?.kind !== 'abstract')) continue
    const problem = `option "${listener}" listens on ${socket.text}: the PROXY protocol in front of TLS needs TCP`
    wrong(at, problem, `Listen on TCP there, or take ${option} out`)
  }
}

function checkAlwaysOn({ values, place }: Checked, warn: Tell): void {
  if (!values.master)
    warn(place('master'), 'the master always runs, "master = false" changes nothing', TAKE_OUT)
  if (!values['auto-procname']) {
    const problem = 'processes are always named by their role, "auto-procname = false" changes nothing'
    warn(place('auto-procname'), problem, 'Take it out; procname gives them another name')
  }
  if (values.vacuum === false) {
    const problem =
      'pid files and UNIX sockets are always removed at the end, "vacuum = false" changes nothing'
    warn(place('vacuum'), problem, TAKE_OUT)
  }
  if (!values['die-on-term']) {
    const problem =
      'SIGTERM reloads, as in uWSGI, because of "die-on-term = false"; most supervisors send TERM to stop'
    warn(place('die-on-term'), problem, 'Take it out unless something here counts on it')
  }
}

function checkPidfiles({ values, place }: Checked, warn: Tell): void {
  for (const [i, second] of PIDFILES.entries()) {
    const file = values[second]
    const first = PIDFILES.slice(0, i).find(option => isSameFile(values[option], file))
    if (first !== undefined)
      warn(place(second), `"${second}" and "${first}" name the same file, "${file}"`, TAKE_ONE)
  }
}

function isSameFile(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && normalize(a) === normalize(b)
}

function checkConnections({ values, place }: Checked, warn: Tell): void {
  const [all, each] = [values['max-connections'], values['max-connections-per-ip']]
  if (all === null || each <= all) return
  const problem = `option "max-connections-per-ip" allows ${each} connections, more than the ${all} of max-connections`
  warn(place('max-connections-per-ip'), problem, 'Lower it, or raise max-connections')
}
