// master/rules-lines.ts: what of a configuration is compiled to rules; and the same packed, as a thread is sent it: 100,000 lines
// are one text and a few lists of numbers, which travel in some milliseconds.
import type { Config } from '../config/config.ts'
import { CHAINS, FAMILY_ENTRIES } from '../config/route-families.ts'
import type { RuleText } from '../config/route-lines.ts'
import type { RuleLines } from '../routing/rules/compile.ts'

/** All but the files that rules name, which are read where they are compiled. */
export interface ConfigLines extends Omit<RuleLines, 'files'> {
  /** Whether there is a trusted-proxy. */
  readonly trustsProxies: boolean
}

export interface PackedLines extends Omit<ConfigLines, 'rules'> {
  /** All values, one behind the other. */
  readonly text: string
  readonly lengths: Int32Array
  /** Places in KINDS. */
  readonly kinds: Uint8Array
  readonly lines: Int32Array
  /** Places in `files`. */
  readonly fileOf: Uint32Array
  readonly files: readonly (string | null)[]
}

const KINDS = CHAINS.flatMap(([chain]) => FAMILY_ENTRIES.map(([family]) => ({ chain, family })))
const KIND_OF = Object.fromEntries(
  CHAINS.map(([chain], c) => [
    chain,
    Object.fromEntries(FAMILY_ENTRIES.map(([family], f) => [family, c * FAMILY_ENTRIES.length + f])),
  ]),
) as Readonly<Record<RuleText['chain'], Readonly<Record<RuleText['family'], number>>>>

export function linesOf({ rules, headers, values, place }: Config): ConfigLines {
  return {
    rules,
    headers,
    metrics: values.metric,
    upstreams: values['route-upstream'].map((text, i) => ({ text, place: place('route-upstream', i) })),
    backends: new Set(values.backend.map(({ key }) => key)),
    learnsKeys: values['http-subscription-server'].length + values['http-fallback'].length > 0,
    trustsProxies: values['trusted-proxy'].length > 0,
  }
}

export function packed({ rules, ...others }: ConfigLines): PackedLines {
  const files = new Map<string | null, number>()
  const texts: string[] = []
  const pack = {
    lengths: new Int32Array(rules.length),
    kinds: new Uint8Array(rules.length),
    lines: new Int32Array(rules.length),
    fileOf: new Uint32Array(rules.length),
  }
  for (let i = 0; i < rules.length; i++) {
    const { chain, family, value, place } = rules[i]!
    texts.push(value)
    pack.lengths[i] = value.length
    pack.kinds[i] = KIND_OF[chain][family]
    pack.lines[i] = place.line
    let file = files.get(place.file)
    if (file === undefined) {
      file = files.size
      files.set(place.file, file)
    }
    pack.fileOf[i] = file
  }
  return { ...others, ...pack, text: texts.join(''), files: [...files.keys()] }
}

export function unpacked({
  text,
  lengths,
  kinds,
  lines,
  fileOf,
  files,
  ...others
}: PackedLines): ConfigLines {
  const rules: RuleText[] = []
  for (let i = 0, at = 0; i < lengths.length; i++) {
    const { chain, family } = KINDS[kinds[i]!]!
    const value = text.slice(at, at + lengths[i]!)
    at += lengths[i]!
    rules.push({ chain, family, value, place: { file: files[fileOf[i]!]!, line: lines[i]! } })
  }
  return { ...others, rules }
}
