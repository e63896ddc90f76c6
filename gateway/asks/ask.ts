// gateway/asks/ask.ts: who fulfils what route rules ask for. One for each gateway; nothing of it is there before a rule asks.
import type { RulesPicture } from '../../base/rules-picture.ts'
import type { Ask } from '../../routing/rules/ask.ts'
import type { FileAsked } from '../../routing/rules/ask-file.ts'
import type { AuthAsked, JsAsked, PasswordAsked } from '../../routing/rules/asked.ts'
import { authOrigin } from '../../routing/rules/ours/auth-request.ts'
import { jsModule } from '../../routing/rules/ours/js.ts'
import type { FileFacts } from '../rules/file-facts.ts'
import type { Troubles } from '../troubles.ts'
import type { Tell } from '../world.ts'
import { AuthClient } from './auth-client.ts'
import { JsRunner } from './js-runner.ts'
import { Passwords } from './passwords.ts'

/** Whoever waits for the answer. */
export interface Asking {
  /** Address of the client, behind trusted proxies; '' for a UNIX socket. */
  readonly client: string
  /** Once is enough, perhaps before {@link Asks.fulfil} returns. */
  resume(answer: unknown): void
}

type Module = Pick<JsAsked, 'file' | 'stamp'>

/** A request that began with the rules before may still come to a call. */
const OLD_MODULES_MS = 60_000

export class Asks {
  readonly #files: FileFacts
  readonly #tell: Tell
  readonly #troubles: Troubles
  #passwords: Passwords | null = null
  #auth: AuthClient | null = null
  // By file and stamp. Those of rules before the latest are there until nobody can be on his way through them.
  readonly #runners = new Map<string, JsRunner>()
  #wanted: ReadonlySet<string> = new Set()

  constructor(files: FileFacts, tell: Tell, troubles: Troubles) {
    this.#troubles = troubles
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
      case 'auth':
        void this.#authClient()
          .ask(ask.data as AuthAsked)
          .then(answer => asking.resume(answer))
        return
      case 'js': {
        const asked = ask.data as JsAsked
        return this.#runnerOf(asked).call(asked, answer => asking.resume(answer))
      }
    }
  }

  /** Rules that come into force: the modules that they name are loaded ahead, and others end when they are not called any more. */
  prepare({ chains }: RulesPicture): void {
    const wanted = new Set<string>()
    for (const chain of Object.values(chains))
      for (const { action } of chain.rules) {
        const origin = authOrigin(action)
        if (origin !== null) this.#authClient().prepare(origin)
        const module = jsModule(action)
        if (module === null) continue
        wanted.add(keyOf(module))
        this.#runnerOf(module)
      }
    for (const [key, runner] of this.#runners) {
      if (wanted.has(key)) continue
      setTimeout(() => this.#end(key, runner), OLD_MODULES_MS).unref()
    }
    this.#wanted = wanted
  }

  async close(): Promise<void> {
    const runners = [...this.#runners.values()].map(runner => runner.close())
    await Promise.all([this.#passwords?.close(), this.#auth?.close(), ...runners])
  }

  #authClient(): AuthClient {
    this.#auth ??= new AuthClient({
      report: (kind, text, fields) => this.#troubles.report(kind, performance.now(), text, fields),
    })
    return this.#auth
  }

  #end(key: string, runner: JsRunner): void {
    if (this.#wanted.has(key) || this.#runners.get(key) !== runner) return
    this.#runners.delete(key)
    void runner.close()
  }

  #runnerOf(module: Module): JsRunner {
    const key = keyOf(module)
    let runner = this.#runners.get(key)
    if (runner === undefined) {
      runner = new JsRunner({ file: module.file, tell: this.#tell })
      this.#runners.set(key, runner)
    }
    return runner
  }
}

function keyOf({ file, stamp }: Module): string {
  return `${stamp} ${file}`
}
