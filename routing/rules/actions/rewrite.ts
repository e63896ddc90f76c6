// routing/rules/actions/rewrite.ts: another path and query for the same request.
import { type ActionKind, EVERY_CHAIN, WrongRule } from '../action.ts'
import { LAST, NEXT } from '../ask.ts'
import { withoutDots } from '../target.ts'
import { type Part, readTemplate, type Template, textOf } from '../template.ts'

/** `query` null: the request's own stays. */
interface Rewrite {
  readonly path: Template
  readonly query: Template | null
}

function rewriteKind(name: string, doc: string, code: typeof NEXT | typeof LAST): ActionKind<Rewrite> {
  return {
    names: [name],
    ours: false,
    syntax: 'PATH[?QUERY]',
    doc,
    chains: EVERY_CHAIN,
    read: (args, reading) => splitTarget(readTemplate(args, reading)),
    make({ path, query }) {
      const pathText = textOf(path)
      const queryText = query === null ? null : textOf(query)
      return run => {
        const own = run.read('QUERY_STRING') ?? ''
        const more = queryText === null ? '' : queryText(run)
        const moved = run.move('path', 'PATH_INFO', withoutDots(pathText(run)))
        if (moved !== NEXT) return moved
        const both = more === '' ? own : own === '' ? more : `${more}&${own}`
        const asked = run.move('query', 'QUERY_STRING', both)
        return asked === NEXT ? code : asked
      }
    },
  }
}

// Only what the configuration itself says is cut and decoded; what is filled in is decoded already, and stays as it is.
function splitTarget(template: Template): Rewrite {
  const path: Part[] = []
  for (const [i, part] of template.entries()) {
    const end = typeof part === 'string' ? part.search(/[?#]/) : -1
    if (end < 0) {
      path.push(decoded(part))
      continue
    }
    const text = part as string
    path.push(decoded(text.slice(0, end)))
    const rest = text[end] === '?' ? [text.slice(end + 1), ...template.slice(i + 1)] : null
    return { path, query: rest }
  }
  return { path, query: null }
}

function decoded(part: Part): Part {
  if (typeof part !== 'string') return part
  if (/%(?![0-9a-fA-F]{2})|%00/.test(part)) {
    throw new WrongRule(
      `"${part}" has a percent sign that stands for no byte`,
      'Write %25 for a percent sign (%%25 in an ini file)',
    )
  }
  return part.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

export const rewriteActions: readonly ActionKind[] = [
  rewriteKind(
    'rewrite',
    'Gives the request another path, and puts a query before its own. Following rules and nodes see the new ones.',
    NEXT,
  ),
  rewriteKind('rewrite-last', 'As "rewrite", then ends the chain.', LAST),
]
