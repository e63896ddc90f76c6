// subscription/state-file.ts: the file that outlives a run: replaced whole, by one rename, so that a crash leaves the old
// or the new.
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isState, type SubscriptionState } from './state.ts'

const PIECE = 1_000

/** What was there. */
export type StateRead =
  | { readonly kind: 'state'; readonly state: SubscriptionState }
  | { readonly kind: 'none' }
  /** It is no such file, and was put aside. `problem`: a sentence without its full stop. */
  | { readonly kind: 'bad'; readonly problem: string }

export async function readStateFile(file: string): Promise<StateRead> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'none' }
    return { kind: 'bad', problem: `it cannot be read: ${(error as Error).message}` }
  }
  const state = parsed(text)
  if (isState(state)) return { kind: 'state', state }
  try {
    await rename(file, `${file}.bad`)
    return { kind: 'bad', problem: `it is not a state of subscriptions, and was put aside as ${file}.bad` }
  } catch {
    return { kind: 'bad', problem: 'it is not a state of subscriptions' }
  }
}

/** One at a time. @throws Error of the system; the file is as it was then */
export async function writeStateFile(file: string, state: SubscriptionState): Promise<void> {
  const draft = `${file}.new`
  await rm(draft, { force: true }) // of a run that was killed meanwhile
  try {
    await withFile(draft, 'wx', async handle => {
      for (const piece of pieces(state)) await handle.appendFile(piece)
      await handle.sync()
    })
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {})
    throw error
  }
  await withFile(dirname(file), 'r', handle => handle.sync())
}

// Thousands of nodes as text would hold the loop: it gets a turn after each piece. The state itself does not change meanwhile.
function* pieces({ nodes, replay, ...rest }: SubscriptionState): Generator<string> {
  yield `${JSON.stringify(rest).slice(0, -1)},"nodes":[`
  yield* listed(nodes)
  yield '],"replay":['
  yield* listed(replay)
  yield ']}'
}

function* listed(items: readonly unknown[]): Generator<string> {
  for (let at = 0; at < items.length; at += PIECE) {
    const text = JSON.stringify(items.slice(at, at + PIECE)).slice(1, -1)
    yield at === 0 ? text : `,${text}`
  }
}

async function withFile(
  path: string,
  flags: string,
  work: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const handle = await open(path, flags, 0o600)
  try {
    await work(handle)
  } finally {
    await handle.close()
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
