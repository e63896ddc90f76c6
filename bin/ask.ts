// bin/ask.ts: asks a running master through its control socket, or tells it by a signal where there is none to be reached.
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises' // sleeps: the end of a process that is not our child sends no event
import {
  type ControlAnswer,
  type ControlRequest,
  LONGEST_ANSWER,
  readAnswer,
} from '../master/steering/control-protocol.ts'
import { isMaster } from '../master/steering/process-names.ts'
import { type Target, TargetProblem } from './target.ts'

const LOOK_MS = 20

export interface Conversation {
  readonly answer: ControlAnswer
  /** Resolves when the master closed the connection. */
  readonly closed: Promise<unknown>
}

/** @returns null when there is nobody at that socket. @throws TargetProblem when we may not, or are not understood */
export async function ask(path: string, request: ControlRequest): Promise<Conversation | null> {
  const socket = net.connect(path)
  try {
    await once(socket, 'connect')
  } catch (error) {
    return unreachable(path, error as NodeJS.ErrnoException)
  }
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  socket.on('error', () => {})
  socket.write(`${JSON.stringify(request)}\n`)
  const line = await firstLine(socket, closed)
  const answer = line === null ? null : readAnswer(line)
  if (answer === null) {
    throw new TargetProblem(
      line === null
        ? 'Sluice ended, or closed the control socket, without an answer. See its log'
        : `what answers at ${path} is no Sluice of this version`,
    )
  }
  if (!answer.ok) throw new TargetProblem(`Sluice refused: ${answer.problem}`)
  return { answer, closed }
}

/** @throws TargetProblem when we may not, or it is gone */
export function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new TargetProblem(
      code === 'EPERM'
        ? `you may not signal process ${pid}. Ask as root, or as the user that it runs as`
        : `process ${pid} is gone`,
    )
  }
}

/** The pid of a target that was named by its socket. @throws TargetProblem */
export async function pidOf({ pid, socket }: Target): Promise<number> {
  if (pid !== null) return pid
  const answer = (await ask(socket!, { command: 'status' }))?.answer
  if (answer === undefined) throw nobodyAt(socket!)
  if (!('status' in answer)) throw new TargetProblem(`what answers at ${socket} is no Sluice of this version`)
  return answer.status.pid
}

/** Resolves when the master is gone. */
export async function untilGone(pid: number): Promise<void> {
  while (isMaster(pid)) await pause(LOOK_MS)
}

export function nobodyAt(socket: string): TargetProblem {
  return new TargetProblem(
    `nobody listens at ${socket}. Check the path, or name the instance by --pidfile or --pid`,
  )
}

function unreachable(path: string, { code, message }: NodeJS.ErrnoException): null {
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return null
  throw new TargetProblem(
    code === 'EACCES' || code === 'EPERM'
      ? `you may not use the control socket ${path}. Ask as root, or as the user that Sluice runs as`
      : `the control socket ${path} cannot be reached: ${message}`,
  )
}

async function firstLine(socket: net.Socket, closed: Promise<void>): Promise<string | null> {
  let text = ''
  const whole = new Promise<string | null>(resolve => {
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      const end = text.indexOf('\n')
      if (end >= 0) resolve(text.slice(0, end))
      else if (text.length > LONGEST_ANSWER) resolve('')
    })
  })
  return Promise.race([whole, closed.then(() => null)])
}
