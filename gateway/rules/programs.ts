// gateway/rules/programs.ts: the route rules that the master sent, as programs: the one in force, and those that a picture to
// come will name. Exchanges that began with another one keep it.
import type { RulesPicture } from '../../base/rules-picture.ts'
import { makeProgram, type Program } from '../../routing/rules/program.ts'

export class Programs {
  readonly #told = new Map<number, RulesPicture>()
  readonly #made = new Map<number, Program>()

  learn(rules: RulesPicture): void {
    this.#told.set(rules.id, rules)
  }

  /**
   * The program of a picture that is put in force. Those before it are forgotten: ids only grow.
   *
   * @param id 0: none
   * @throws Error when nobody told of it
   */
  use(id: number): Program | null {
    const program = id === 0 ? null : this.#find(id)
    for (const older of this.#told.keys()) if (older < id) this.#told.delete(older)
    for (const older of this.#made.keys()) if (older !== id) this.#made.delete(older)
    return program
  }

  #find(id: number): Program {
    const made = this.#made.get(id)
    if (made !== undefined) return made
    const told = this.#told.get(id)
    if (told === undefined) throw new Error(`the picture names route rules ${id}, which nobody told of`)
    const program = makeProgram(told)
    this.#made.set(id, program)
    this.#told.delete(id) // the program keeps what it needs
    return program
  }
}
