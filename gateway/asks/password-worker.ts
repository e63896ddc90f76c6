// gateway/asks/password-worker.ts: a thread that checks passwords against hashes that take long. Started by passwords.ts.
import { parentPort } from 'node:worker_threads'
import { checkHash } from './hashes/check.ts'

export interface HashTask {
  readonly id: number
  readonly hash: string
  readonly password: string
}

export interface HashVerdict {
  readonly id: number
  readonly isRight: boolean
}

parentPort!.on('message', ({ id, hash, password }: HashTask) => {
  parentPort!.postMessage({ id, isRight: checkHash(hash, password) } satisfies HashVerdict)
})
