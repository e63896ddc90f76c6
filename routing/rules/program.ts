// routing/rules/program.ts: rules made ready to run, from their picture. Immutable: an exchange ends with the one it began with.
import type { HeaderEdit } from '../../base/rules-picture.ts'
import type { Act } from './action.ts'
import type { Run } from './run.ts'

export interface Program {
  readonly request: Chain | null
  readonly error: Chain | null
  readonly response: Chain | null
  readonly final: Chain | null
  readonly headers: readonly HeaderEdit[]
}

export interface Chain {
  readonly rules: readonly Rule[]
}

export interface Rule {
  readonly place: string
  test(run: Run): boolean
  readonly act: Act
}
