// test/support/subscribing.ts: what tests of a running Sluice with subscriptions need: a free UDP port, announcements made
// by hand, and a steady load that notes every answer.
import dgram from 'node:dgram'
import { once } from 'node:events'
import http from 'node:http'
import { setTimeout as pause } from 'node:timers/promises' // sleeps: a load of so many requests a second
import { type Announcement, SILENT } from '../../subscription/packet/announcement.ts'
import { type Signing, writePacket } from '../../subscription/packet/write.ts'
import type { Test } from './tmp.ts'

export interface Announcer {
  /** Sends a packet; what is not said is that of an http node without anything special. */
  say(said: Partial<Announcement>, signing?: Signing | null): Promise<void>
  /** Sends any bytes. */
  send(bytes: Buffer): Promise<void>
}

/** Sends announcements to a port of 127.0.0.1. @param from the address that it sends from */
export async function announcer(t: Test, port: number, from = '127.0.0.1'): Promise<Announcer> {
  const socket = dgram.createSocket('udp4').bind(0, from)
  await once(socket, 'listening')
  t.teardown(() => socket.close())
  const send = (bytes: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(bytes, port, '127.0.0.1', error => (error === null ? resolve() : reject(error)))
    })
  return { send, say: (said, signing = null) => send(writePacket({ ...PLAIN, ...said }, signing)) }
}

const PLAIN: Announcement = { ...SILENT, key: 'app.example', address: '127.0.0.1:1', cores: 1, proto: 'http' }

/** GETs a page of a host from the gateway at `url`, on a connection of its own. */
export function get(url: string, host: string, path = '/'): Promise<{ status: number; body: string }> {
  return request(new URL(path, url), host, new http.Agent())
}

export interface Load {
  /** So far. */
  readonly answers: number
  /** Of every request that was not answered by 200: what came instead. */
  readonly failures: readonly string[]
  /** Bodies of answers, each with how often it came since {@link Load.forget}. */
  readonly bodies: ReadonlyMap<string, number>
  /** Bodies so far, and those of requests that are on their way. */
  forget(): Promise<void>
  /** Resolves once so many more requests than now were answered. */
  more(answers: number): Promise<void>
  /** Ends it once what is in hand is answered. */
  stop(): Promise<void>
}

export interface LoadOptions {
  readonly hosts: readonly string[]
  /** Clients, each with a kept connection and one request at a time. */
  readonly clients?: number
  /** Of each client, between an answer and its next request. */
  readonly pauseMs?: number
  readonly path?: string
}

/** GETs without end until stopped, at the latest with the test. */
export function steadyLoad(t: Test, url: string, options: LoadOptions): Load {
  const { hosts, clients = 8, pauseMs = 5, path = '/' } = options
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients })
  const failures: string[] = []
  const bodies = new Map<string, number>()
  const waiting: { at: number; resolve: () => void }[] = []
  const inHand = new Set<Promise<void>>()
  let answers = 0
  let isOver = false
  const note = ({ status, body }: { status: number; body: string }): void => {
    answers++
    bodies.set(body, (bodies.get(body) ?? 0) + 1)
    if (status !== 200) failures.push(`${status} ${body.slice(0, 80)}`)
    for (const one of waiting.splice(0)) {
      if (answers >= one.at) one.resolve()
      else waiting.push(one)
    }
  }
  const client = async (index: number): Promise<void> => {
    for (let turn = index; !isOver; turn++) {
      const asked = request(new URL(path, url), hosts[turn % hosts.length]!, agent).then(note, error =>
        note({ status: 0, body: String(error) }),
      )
      inHand.add(asked)
      await asked
      inHand.delete(asked)
      if (pauseMs > 0) await pause(pauseMs)
    }
  }
  const running = Promise.all(Array.from({ length: clients }, (_, index) => client(index)))
  const stop = async (): Promise<void> => {
    isOver = true
    await running
    agent.destroy()
  }
  t.teardown(stop)
  return {
    get answers() {
      return answers
    },
    failures,
    bodies,
    async forget() {
      await Promise.all(inHand)
      bodies.clear()
    },
    more: wanted => new Promise(resolve => waiting.push({ at: answers + wanted, resolve })),
    stop,
  }
}

function request(url: URL, host: string, agent: http.Agent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent, headers: { host } }, async answer => {
        try {
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(await answer.toArray()).toString() })
        } catch (error) {
          reject(error)
        }
      })
      .on('error', reject)
  })
}
