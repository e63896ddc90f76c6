// master/refused.ts: why a start cannot be: what people read on stderr before exit code 1.
import { type ErrorCode, SluiceError } from '../base/errors.ts'
import { type Problem, problemText } from '../config/config.ts'

/** Thrown by everything that runs before traffic flows. Its message is the whole located text. */
export class StartRefused extends SluiceError {
  readonly problems: readonly Problem[]

  /** @param problems at least one, each with the place of the option that asked for it */
  constructor(code: ErrorCode, problems: readonly Problem[], options?: ErrorOptions) {
    super(code, problems.map(problem => problemText(problem)).join('\n'), options)
    this.problems = problems
  }
}
