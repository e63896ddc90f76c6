// bench/compile.ts: the checkout as JavaScript, as it is published: TypeScript at run time costs memory and start-up.
// Compiled anew each time, so that no old build is measured.
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
// Inside the checkout, where its dependencies are found.
const TARGET = join(ROOT, 'node_modules', '.cache', 'sluice-bench')
const COMPILER = join(ROOT, 'node_modules', '.bin', 'tsc')
const run = promisify(execFile)

/**
 * Compiles. Type errors do not matter here: `npm run check` is for them.
 *
 * @param say told what happens, a line at a time
 * @returns the compiled command; null when it cannot be compiled, and the source has to do
 */
export async function compileCheckout(say: (text: string) => void): Promise<string | null> {
  const command = join(TARGET, 'bin', 'sluice.js')
  rmSync(TARGET, { recursive: true, force: true })
  mkdirSync(TARGET, { recursive: true })
  const options = ['--project', ROOT, '--rootDir', ROOT, '--outDir', TARGET, '--noEmit', 'false']
  const problem = await run(COMPILER, [...options, '--noEmitOnError', 'false'], { cwd: ROOT }).then(
    () => '',
    (error: { stdout?: string; message: string }) => error.stdout || error.message,
  )
  if (problem !== '') say(`tsc: ${problem.trimEnd().split('\n')[0]}`)
  if (!existsSync(command)) {
    say('sluice could not be compiled: measuring the source, which takes more memory')
    return null
  }
  copyFileSync(join(ROOT, 'package.json'), join(TARGET, 'package.json'))
  return command
}
