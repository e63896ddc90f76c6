// gateway/asks/ask.ts: who fulfils what route rules ask for. One for each gateway; nothing of it is there before a rule asks.
import type { Ask } from '../../routing/rules/ask.ts'
import type { FileAsked } from '../../routing/rules/ask-file.ts'
import type { PasswordAsked } from '../../routing/rules/asked.ts'
import type { FileFacts } from '../rules/file-facts.ts'
import { Passwords } from './passwords.ts'

/** Whoever waits for the answer. */
export interface Asking {
  /** Address of the client, behind trusted proxies; '' for a UNIX socket. */
  readonly client: string
  /** Once is enough, perhaps before {@link Asks.fulfil} returns. */
  resume(answer: unknown): void
}

/** Something worth a line in the event log. */
type Tell = (level: 'info' | 'warn' | 'error', text: string, fields: Record<string, string | number>) => void

export class Asks {
  readonly #files: FileFacts
  readonly #tell: Tell
  #passwords: Passwords | null = null

  constructor(files: FileFacts, tell: Tell) {
    this.#files = files
    this.#tell = tell
  }

  fulfil(ask: Ask, asking: Asking): void {
    switch (ask.kind) {
      case 'file': {
        const { path, question } = ask.data as FileAsked
        void this.#files.find(path, question).then(answer => asking.resume(answer))
        return
      }
      case 'password':
        this.#passwords ??= new Passwords({ tell: this.#tell, now: () => performance.now() })
        return this.#passwords.check(ask.data as PasswordAsked, asking.client, answer =>
          asking.resume(answer),
        )
      default:
        return asking.resume(undefined) // nobody knows: each kind bears that
    }
  }

  async close(): Promise<void> {
    await this.#passwords?.close()
  }
}
