// test/routing/rules/forwarded-fields.test.ts: rules that ask for what only proxies may say are told where no proxy is believed.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: rules are full of them
import t from 'tap'
import { routeLines } from '../../../config/route-lines.ts'
import { doubtfulFields } from '../../../routing/rules/forwarded-fields.ts'

for (const [text, ...doubts] of [
  [
    'route-if-not = equal:${HTTP_X_FORWARDED_PROTO};https redirect:https://${HTTP_HOST}${REQUEST_URI}',
    '1: option "route-if-not": it asks for X-Forwarded-Proto, which no client may say, as there is no trusted-proxy',
  ],
  [
    'route = ^/\nerror-route-header = x-real-ip ^10\\. log:a',
    '2: option "error-route-header": it asks for X-Real-Ip, which no client may say, as there is no trusted-proxy',
  ],
  [
    'route-if = equal:${lower[HTTP_FORWARDED]};a log:x',
    '1: option "route-if": it asks for Forwarded, which no client may say, as there is no trusted-proxy',
  ],
  ['route-header = X-Forwarded-Server a log:x\nroute-if = equal:${HTTP_FORWARDED_BY};a log:x'],
  ['route-run = addvar:HTTP_X_FORWARDED_FOR=1\nroute-if = equal:${HTTP_X_FORWARDED_FOR};1 log:x'],
  ['route-run = set-header:X-Forwarded-Proto: https\nroute-header = X-Forwarded-Proto https log:x'],
  ['route-run = log:forwarded'],
] as const)
  t.test(text, async t => {
    const pairs = text.split('\n').map((line, i) => {
      const [name, value] = line.split(' = ') as [string, string]
      return { name, value, place: { file: 'a.ini', line: i + 1 } }
    })
    const said = [...doubtfulFields(routeLines(pairs).rules)]
    t.same(
      said.map(({ place, problem }) => `${'line' in place ? place.line : 0}: ${problem}`),
      doubts,
    )
  })
