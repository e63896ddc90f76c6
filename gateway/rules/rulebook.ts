// gateway/rules/rulebook.ts: all that a gateway with route rules has of them: their programs, what they know beside a request,
// whom they ask, the copies that they make. Nothing else leads to the code behind it: see gateway/rule-code.ts.
import type { LimitReport } from '../../base/limits.ts'
import type { RulesPicture } from '../../base/rules-picture.ts'
import type { Program } from '../../routing/rules/program.ts'
import { Asks } from '../asks/ask.ts'
import { Mirrors } from '../asks/mirror.ts'
import type { Exchange } from '../exchange.ts'
import type { World } from '../world.ts'
import { Passage } from './passage.ts'
import { Programs } from './programs.ts'
import { Surroundings } from './surroundings.ts'

export class Rulebook {
  readonly programs = new Programs()
  readonly surroundings: Surroundings
  readonly asks: Asks
  readonly mirrors: Mirrors

  /** @param secret hex, the same in all gateways, and known to nobody else */
  constructor(world: World, secret: string) {
    this.surroundings = new Surroundings(world.tell, secret)
    this.asks = new Asks(this.surroundings.files, world.tell, world.troubles)
    this.mirrors = new Mirrors(world)
  }

  /** Rules that a picture to come names. Their modules begin to load. */
  learn(rules: RulesPicture): void {
    this.programs.learn(rules)
    this.asks.prepare(rules)
    this.surroundings.ours.learnRules(rules)
  }

  /** Of a client's connection that meets rules for the first time. */
  passage(exchange: Exchange, program: Program): Passage {
    return new Passage(exchange, this, program)
  }

  /** Keys of rate limits that are asked for a lot; none: []. */
  reports(): readonly LimitReport[] {
    return this.surroundings.ours.report()
  }

  close(): Promise<void> {
    return this.asks.close()
  }
}
