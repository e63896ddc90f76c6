// subscription/problem.ts: what is wrong with a line of the config that subscriptions are set up by.

/** Both are sentences without their full stop. */
export interface Problem {
  readonly problem: string
  readonly remedy: string
}

export function wrong(problem: string, remedy: string): Problem {
  return { problem, remedy }
}
