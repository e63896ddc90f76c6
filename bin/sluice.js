#!/usr/bin/env node
// bin/sluice.js: the `sluice` command. Any Node from 14 on can read this file, so that a too old one is told
// what to do instead of failing on newer syntax; all else is loaded after that check.
// biome-ignore lint/style/useNodejsImportProtocol: the old Nodes this file speaks to do not know it.
import net from 'net'

refuseInspector()

if (isNewEnough(process.versions.node)) {
  start(process.argv.slice(2)).catch(showBroken)
} else {
  process.stderr.write(
    `sluice: this is Node ${process.versions.node}, ${process.execPath}. ` +
      'Run Sluice with Node 24.19 or newer: see https://nodejs.org, or in a checkout ' +
      'use "npm ci", then bin/sluice, which takes the one that came along.\n',
  )
  process.exitCode = 1
}

// One that announces a service beside us has nothing to do with an instance, and loads nothing of one; one that explains
// runs rules as gateways do, by code that no master loads.
function start([command, ...rest]) {
  if (command === 'subscribe') return import('./subscribe.ts').then(subscribe => subscribe.run(rest))
  if (command === 'explain') return import('./explain.ts').then(explain => explain.run(rest))
  return import('./main.ts').then(main => main.run(process.argv.slice(2)))
}

// SIGUSR1 opens Node's inspector until somebody handles it. A signal that came before this line may open it a little
// later; one that the command line asks for stays.
function refuseInspector() {
  process.on('SIGUSR1', () => {})
  const inspector = process.getBuiltinModule?.('node:inspector')
  if (!inspector || process.execArgv.some(word => word.startsWith('--inspect'))) return
  const close = () => inspector.url() !== undefined && inspector.close()
  close()
  const closing = setInterval(close, 5)
  closing.unref()
  setTimeout(() => clearInterval(closing), 2000).unref()
}

// Files are missing or damaged.
function showBroken(error) {
  const text = process.env.SLUICE_DEBUG ? error.stack : error.message
  process.stderr.write(
    `sluice: this installation is broken: ${text}. Install Sluice again ("npm ci" in a checkout).\n`,
  )
  process.exitCode = 1
}

// net.BoundSocket came with 24.19 and 26; odd releases in between lack it.
function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return (major > 24 || (major === 24 && minor >= 19)) && typeof net.BoundSocket === 'function'
}
