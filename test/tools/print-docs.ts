// test/tools/print-docs.ts: prints docs/options.md, docs/errors.md and the tables of docs/routing.md from the code. With --check nothing is
// written, and a page that differs from its table ends the run with 1.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ERRORS } from '../../base/errors.ts'
import { optionsPage } from '../../config/docs.ts'
import { routingPage } from './routing-page.ts'

const DOCS = join(import.meta.dirname, '../../docs')

const pages: Readonly<Record<string, string>> = {
  'options.md': optionsPage(),
  'errors.md': errorsPage(),
  'routing.md': routingPage(current('routing.md')),
}
const stale = Object.entries(pages).filter(([file, text]) => current(file) !== text)

if (process.argv.includes('--check')) {
  for (const [file] of stale) console.error(`docs/${file} is not current: run "npm run docs".`)
  process.exitCode = stale.length === 0 ? 0 : 1
} else {
  mkdirSync(DOCS, { recursive: true })
  for (const [file, text] of stale) writeFileSync(join(DOCS, file), text)
}

function current(file: string): string | null {
  try {
    return readFileSync(join(DOCS, file), 'utf8')
  } catch {
    return null
  }
}

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { side, remedy }]) => `| \`${code}\` | ${side} | ${remedy} |`,
  )
  return `# Errors

Printed from the error table by \`npm run docs\`; a test holds that it is current. *Side* tells where the cause lies:
downstream (the client), upstream (the node) or internal (Sluice, its configuration or its machine).

| code | side | what to do |
| --- | --- | --- |
${rows.join('\n')}
`
}
