// subscription/client/announcer.ts: tells routers that a service is there, again and again, and that it leaves.
import { existsSync, readFileSync } from 'node:fs'
import type { Command } from '../packet/announcement.ts'
import { type Signing, writePacket } from '../packet/write.ts'
import { makeSigner, type Signer } from '../signature/make.ts'
import { nameOf, type Router, Sender } from './sender.ts'
import { announcementOf, type Figures, type Target } from './target.ts'

export interface AnnouncerOptions {
  readonly targets: readonly Target[]
  /** Milliseconds between announcements. */
  readonly everyMs: number
  /** How often the leaving is said: UDP may lose one. Routers take the repeats for nothing. */
  readonly farewells: number
  readonly multicastTtl: number
  /** Nothing is sent until {@link Announcer.unblock}. */
  readonly isBlocked?: boolean
  readonly figures: () => Figures
  /** Unix seconds. */
  readonly nowS: () => number
  /** A router that cannot be reached, or a key file that cannot be used: said once until it works again. */
  readonly onTrouble: (subject: string, problem: string) => void
  /** Milliseconds from the first announcement to the second, and between farewells. For tests. */
  readonly againMs?: number
  readonly farewellMs?: number
}

// As uWSGI does: who lost the first one, or was not up yet, need not wait for the next round.
const AGAIN_MS = 1_000
const FAREWELL_MS = 100

/**
 * Announces at start, a second later, and then at each interval. Paused it has left, and says so; blocked it says nothing,
 * not even that it leaves.
 */
export class Announcer {
  readonly #options: AnnouncerOptions
  readonly #sender: Sender
  readonly #signers = new Map<string, { readonly pem: string; readonly signer: Signer }>() // by digest and file
  readonly #troubledFiles = new Set<string>()
  readonly #said = new Map<Target, number>() // the latest second that a signature said
  #again: NodeJS.Timeout | undefined
  #round: NodeJS.Timeout | undefined
  #goodbye: NodeJS.Timeout | undefined
  #leaving: PromiseWithResolvers<void> | null = null // until the last farewell is out
  #isAnnouncing = false
  #isBlocked: boolean

  constructor(options: AnnouncerOptions) {
    this.#options = options
    this.#isBlocked = options.isBlocked ?? false
    this.#sender = new Sender({
      multicastTtl: options.multicastTtl,
      onTrouble: (router, problem) => options.onTrouble(`router ${nameOf(router)}`, problem),
    })
  }

  /** From nothing, or after a pause. */
  start(): void {
    if (this.#isAnnouncing) return
    this.#isAnnouncing = true
    clearTimeout(this.#goodbye)
    this.#left()
    this.#announce()
    this.#again = setTimeout(() => this.#announce(), this.#options.againMs ?? AGAIN_MS)
    this.#round = setInterval(() => this.#announce(), this.#options.everyMs)
  }

  /** Leaves: routers send nothing new. Resolves when the last farewell is out. */
  pause(): Promise<void> {
    if (this.#isAnnouncing) {
      this.#isAnnouncing = false
      clearTimeout(this.#again)
      clearInterval(this.#round)
      this.#leaving = Promise.withResolvers()
      this.#farewell(this.#options.farewells)
    }
    return this.#leaving?.promise ?? Promise.resolve()
  }

  block(): void {
    this.#isBlocked = true
  }

  unblock(): void {
    this.#isBlocked = false
    if (this.#isAnnouncing) this.#announce()
  }

  /** Leaves, if it was there, and closes its sockets. For good. */
  async stop(): Promise<void> {
    await this.pause()
    await this.#sender.close()
  }

  // A name is asked for first. The answer may come when we have left: then it is too late to announce.
  #announce(): void {
    for (const [router, targets] of byRouter(this.#options.targets)) {
      this.#sender.resolve(router).then(() => {
        if (!this.#isAnnouncing) return
        for (const target of targets) this.#send(target, 'subscribe')
      })
    }
  }

  #farewell(times: number): void {
    for (const target of this.#options.targets) this.#send(target, 'unsubscribe')
    if (times <= 1) return this.#left()
    const pauseMs = this.#options.farewellMs ?? FAREWELL_MS
    this.#goodbye = setTimeout(() => this.#farewell(times - 1), pauseMs)
  }

  #left(): void {
    this.#leaving?.resolve()
    this.#leaving = null
  }

  #send(target: Target, command: Command): void {
    if (this.#isBlocked || (target.check !== '' && existsSync(target.check))) return
    const signing = target.signWith === null ? null : this.#signing(target, command)
    if (signing === undefined) return
    const announcement = announcementOf(target, command, this.#options.figures())
    this.#sender.send(writePacket(announcement, signing), target.to)
  }

  // Routers take each second of a node once, so ours go up, whatever the clock does and however fast packets follow.
  #signing(target: Target, command: Command): Signing | undefined {
    const signer = this.#signer(target)
    if (signer === null) return undefined
    const more = command === 'unsubscribe' ? 1 : 0
    const unix = Math.max(this.#options.nowS() + more, (this.#said.get(target) ?? 0) + 1)
    this.#said.set(target, unix)
    return { nowS: unix - more, sign: signer }
  }

  // The file is read for each packet: who replaces the key need not restart us.
  #signer({ signWith }: Target): Signer | null {
    const { digest, file } = signWith!
    const name = `${digest}:${file}`
    let pem: string
    try {
      pem = readFileSync(file, 'latin1')
    } catch (error) {
      return this.#badKey(file, (error as Error).message)
    }
    const known = this.#signers.get(name)
    if (known?.pem === pem) {
      this.#troubledFiles.delete(file)
      return known.signer
    }
    const signer = makeSigner(digest, pem)
    if (typeof signer !== 'function') return this.#badKey(file, signer.problem)
    this.#signers.set(name, { pem, signer })
    this.#troubledFiles.delete(file)
    return signer
  }

  #badKey(file: string, problem: string): null {
    if (!this.#troubledFiles.has(file)) this.#options.onTrouble(`key file ${file}`, problem)
    this.#troubledFiles.add(file)
    return null
  }
}

function byRouter(targets: readonly Target[]): Map<Router, Target[]> {
  const groups = new Map<string, { router: Router; targets: Target[] }>()
  for (const target of targets) {
    const name = nameOf(target.to)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, { router: target.to, targets: [target] })
    else group.targets.push(target)
  }
  return new Map([...groups.values()].map(({ router, targets }) => [router, targets]))
}
