// test/strictness/report.ts: prints docs/strictness.md: what Sluice demands of messages, why, and what its peers do.
import { type Case, isRequestCase } from './cases.ts'
import { TOPICS } from './topics.ts'
import { VERDICTS, type Verdict } from './verdict.ts'

/** One gateway and what it made of each case. */
export interface System {
  readonly name: string
  readonly version: string
  readonly verdicts: ReadonlyMap<Case, Verdict>
}

const SIGNS = {
  refused: 'refused',
  clean: 'clean',
  unclean: '*unclean*',
  ambiguous: '**ambiguous**',
} as const

const INTRODUCTION = `# What Sluice refuses, why, and what its peers do

A gateway and the server behind it each read the same bytes. Where they can read them differently, a client can hide a
request inside another one, past every rule of the gateway (*request smuggling*), or make others get its answers (*response
splitting*, poisoned caches). Most gateways repair doubtful messages, each in its own way. **Sluice repairs nothing**: what
two readers could read differently it refuses.

- A **request** is answered with 400 (or 413, 414, 417, 431, 501, 505 where they say more), nothing of it reaches a node as a
  whole request, nothing behind it is read, and the connection closes.
- An **answer** of a node becomes 502. Once its first bytes have left it is cut by a reset, so that no client takes it for whole.
- What passes, passes as it was sent: no field is spelled anew. Removed are only the fields that concern one connection and
  those that claim who the client is.

This page is printed by \`npm run long:strictness -- --write\` from the tables in \`test/strictness/\`, and each line is a test of
Sluice: before http and before uwsgi nodes, sent in one piece and in many. The node behind the gateway records every byte
it gets; a reader that shares no code with Sluice judges them, and the gateway's own counters must name every request
that the node saw.

## How to read it

| verdict | meaning |
| --- | --- |
| refused | Nothing of it reached the node as a whole request. Of an answer: the client got an error or a cut. |
| clean | Passed on as messages that can be read in one way only. Where the others repair what Sluice refuses, and do it so, that is a matter of taste. |
| *unclean* | One reading only, but something passed that should not: a claim about who the client is, a field of the connection, an invalid Host or status line. |
| **ambiguous** | Two readers may differ: doubtful framing, a request that the gateway did not see, a cut answer that looks whole, an answer that belongs to another request. |

The peers are configured as their makers' guides show it, no more and no less; some of what is shown can be configured
away. Both ways of sending were tried, and the worse verdict counts. An ambiguous message is an attack only before a node that
reads it in the other way: these are chances, not proven exploits. A list to which \`X-Forwarded-For\` is appended counts
as unclean, though a node that reads only its last entry is safe.`

/** Verdicts by topic, one line each. */
export function summaryOf(cases: readonly Case[], systems: readonly System[]): string {
  const row = (name: string, some: readonly Case[]): string =>
    `| ${name} | ${some.length} | ${systems.map(system => countsOf(system, some)).join(' | ')} |`
  return [
    `| topic | cases | ${systems.map(titleOf).join(' | ')} |`,
    `| --- | ---: | ${systems.map(() => '---:').join(' | ')} |`,
    ...topicsOf(cases).map(topic => row(`[${topic}](#${anchorOf(topic)})`, ofTopic(cases, topic))),
    row('**all**', cases),
  ].join('\n')
}

/** The page, ready to be written. */
export function printPage(cases: readonly Case[], systems: readonly System[]): string {
  return `${[
    INTRODUCTION,
    `## In one table\n\nCases that were refused / clean / unclean / ambiguous.\n\n${summaryOf(cases, systems)}`,
    ...topicsOf(cases).map(topic => sectionOf(topic, ofTopic(cases, topic), systems)),
  ].join('\n\n')}\n`
}

function sectionOf(topic: string, cases: readonly Case[], systems: readonly System[]): string {
  const { rule, why } = TOPICS[topic]!
  const parts = [`## ${topic}`, escaped(rule), `**Why**: ${linked(escaped(why))}`, tableOf(cases, systems)]
  const passed = cases.map(one => reasonsOf(one, systems)).filter(line => line !== '')
  return [...parts, ...(passed.length === 0 ? [] : [`What was passed on:\n\n${passed.join('\n')}`])].join(
    '\n\n',
  )
}

// Of one case, those who passed on what they should not have; systems with the same reason together.
function reasonsOf(one: Case, systems: readonly System[]): string {
  const names = new Map<string, string[]>()
  for (const { name, verdicts } of systems) {
    const { kind, reason } = verdicts.get(one)!
    if (kind !== 'unclean' && kind !== 'ambiguous') continue
    const text = `${SIGNS[kind]}, ${escaped(reason)}`
    names.set(text, [...(names.get(text) ?? []), name])
  }
  const each = [...names].map(([text, some]) => `${some.join(', ')}: ${text}`)
  return each.length === 0 ? '' : `- ${escaped(one.name)} · ${each.join(' · ')}`
}

function tableOf(cases: readonly Case[], systems: readonly System[]): string {
  return [
    `| case | rests on | demanded | ${systems.map(({ name }) => name).join(' | ')} |`,
    `| --- | --- | --- | ${systems.map(() => '---').join(' | ')} |`,
    ...cases.map(one => {
      const each = systems.map(({ verdicts }) => SIGNS[verdicts.get(one)!.kind])
      return `| ${escaped(one.name)} | ${escaped(one.why)} | ${demandOf(one)} | ${each.join(' | ')} |`
    }),
  ].join('\n')
}

// What the client must get: the statuses of a request, or what must come of an answer.
function demandOf(one: Case): string {
  if (isRequestCase(one)) {
    const { answers } = one
    if (answers.length > 4) return `${answers.length} times ${answers[0]}`
    return answers.join(', ')
  }
  if (one.gets === 'refused') return '502 or cut'
  return typeof one.gets === 'number' ? String(one.gets) : `passed: ${escaped(one.gets)}`
}

function topicsOf(cases: readonly Case[]): string[] {
  return [...new Set(cases.map(({ topic }) => topic))]
}

function ofTopic(cases: readonly Case[], topic: string): Case[] {
  return cases.filter(one => one.topic === topic)
}

function countsOf({ verdicts }: System, cases: readonly Case[]): string {
  return VERDICTS.map(kind => cases.filter(one => verdicts.get(one)!.kind === kind).length).join(' / ')
}

function titleOf({ name, version }: System): string {
  return version === '' ? name : `${name} ${version}`
}

// As renderers of Markdown make it of a heading.
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-')
}

function linked(text: string): string {
  return text.replace(
    /RFC (\d+) (\d+(?:\.\d+)*)/g,
    (words, rfc, section) => `[${words}](https://www.rfc-editor.org/rfc/rfc${rfc}#section-${section})`,
  )
}

function escaped(text: string): string {
  return text.replace(/[|<>*_`[\]]/g, sign => `\\${sign}`)
}
