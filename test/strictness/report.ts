// test/strictness/report.ts: prints docs/strictness.md: what Sluice demands of messages, why, and what its peers do.
import { type Case, isRequestCase, nameOf } from './cases.ts'
import { OPEN_DEFECTS } from './open-defects.ts'
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

Printed by \`npm run long:strictness -- --write\`. Two readers that understand one message differently let a client smuggle
requests past the first, or poison what others get from the second. So Sluice refuses what two readers could read
differently, instead of repairing it: a request is answered 400 (414, 417, 431, 501, 505 where they say more) and the
connection is closed; an answer of a node becomes 502, or is cut by a reset once its head has left. Each case below is
also a test: with http and uwsgi nodes, sent in one piece and byte by byte (long ones in random pieces), \`test/strictness/\`.

A node records every byte it gets. A reader that shares no code with Sluice judges them.

- **refused**: nothing of the case reached the node as a whole request; of an answer: the client got an error or a cut.
- **clean**: passed on as whole messages that can be read in one way only, each counted by the gateway too. Where a gateway
  repairs what Sluice refuses, this is a matter of taste.
- *unclean*: one reading only, but something was passed on that should not have been, such as a field that claims to
  come from a proxy, one that concerns the connection only, or an invalid Host or status line.
- **ambiguous**: bytes that two readers may understand differently, a request that the gateway did not count, a cut answer
  that looks whole, or an answer that belongs to another request.

Peers are configured as their makers' guides show it, no more and no less; both ways of sending were tried and the worse
verdict counts. A lenient node turns an ambiguous message into an attack, a strict one does not: these are chances, not
proven exploits. A list to which \`X-Forwarded-For\` is appended counts as unclean, though a node that reads only its last
entry is safe.`

/** Verdicts by topic, one line each. */
export function summaryOf(cases: readonly Case[], systems: readonly System[]): string {
  const topics = [...new Set(cases.map(({ topic }) => topic))]
  const row = (name: string, some: readonly Case[]): string =>
    `| ${name} | ${some.length} | ${systems.map(system => countsOf(system, some)).join(' | ')} |`
  return [
    `| topic | cases | ${systems.map(titleOf).join(' | ')} |`,
    `| --- | ---: | ${systems.map(() => '---:').join(' | ')} |`,
    ...topics.map(topic =>
      row(
        topic,
        cases.filter(one => one.topic === topic),
      ),
    ),
    row('**all**', cases),
  ].join('\n')
}

/** The page, ready to be written. */
export function printPage(cases: readonly Case[], systems: readonly System[]): string {
  return `${[
    INTRODUCTION,
    `## By topic\n\nRefused / clean / unclean / ambiguous.\n\n${summaryOf(cases, systems)}`,
    openSection(),
    ...systems.map(system => reasonsOf(system, cases)),
    `## Case by case\n\n**Must**: what Sluice's tests demand. Requests: the statuses that the client gets, and what becomes of its connection.\n\n${tableOf(cases, systems)}`,
  ].join('\n\n')}\n`
}

function openSection(): string {
  const open = Object.entries(OPEN_DEFECTS)
  if (open.length === 0) return '## Open\n\nSluice meets every case.'
  const lines = open.map(([name, text]) => `- ${name}: ${text}.`)
  return `## Open\n\nWhat Sluice does not do yet as its own table demands:\n\n${lines.join('\n')}`
}

function reasonsOf({ name, verdicts }: System, cases: readonly Case[]): string {
  const lines = cases
    .filter(one => /unclean|ambiguous/.test(verdicts.get(one)!.kind))
    .map(one => `- ${SIGNS[verdicts.get(one)!.kind]} ${nameOf(one)}: ${escaped(verdicts.get(one)!.reason)}`)
  return `## ${name}: what was passed on\n\n${lines.length === 0 ? 'Nothing unclean, nothing ambiguous.' : lines.join('\n')}`
}

function tableOf(cases: readonly Case[], systems: readonly System[]): string {
  return [
    `| case | why | must | ${systems.map(({ name }) => name).join(' | ')} |`,
    `| --- | --- | --- | ${systems.map(() => '---').join(' | ')} |`,
    ...cases.map(one => {
      const each = systems.map(({ verdicts }) => SIGNS[verdicts.get(one)!.kind])
      return `| ${escaped(nameOf(one))} | ${escaped(one.why)} | ${mustOf(one)} | ${each.join(' | ')} |`
    }),
  ].join('\n')
}

function mustOf(one: Case): string {
  if (isRequestCase(one)) return `${one.answers.join(', ')}, ${one.ends}`
  return one.gets === 'refused' ? '502 or cut' : String(one.gets)
}

function countsOf({ verdicts }: System, cases: readonly Case[]): string {
  return VERDICTS.map(kind => cases.filter(one => verdicts.get(one)!.kind === kind).length).join(' / ')
}

function titleOf({ name, version }: System): string {
  return version === '' ? name : `${name} ${version}`
}

function escaped(text: string): string {
  return text.replace(/[|<>*_`]/g, sign => `\\${sign}`)
}
