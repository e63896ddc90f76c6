// config/announce-kinds.ts: the kinds of lines by which an instance announces itself.
import { z } from 'zod'
import type { AddressProblem } from '../base/address.ts'
import { type AnnounceLine, parseSubscribe2, parseSubscribeTo } from './announce-line.ts'
import { type Kind, refuse } from './kinds.ts'

export const subscribeToLine: Kind<AnnounceLine> = kind(
  parseSubscribeTo,
  '[ADDRESS=]SERVER:KEY[,MODIFIER1[,DIGEST:FILE]]',
  'Write such as 10.0.0.1:4040:shop.example',
)

export const subscribe2Line: Kind<AnnounceLine> = kind(
  parseSubscribe2,
  'server=HOST:PORT,key=KEY[,NAME=VALUE…]',
  'Write such as server=10.0.0.1:4040,key=shop.example',
)

function kind(
  parse: (text: string) => AnnounceLine | AddressProblem,
  metavar: string,
  remedy: string,
): Kind<AnnounceLine> {
  const schema = z.string().transform((text, ctx): AnnounceLine => {
    const line = parse(text)
    return 'problem' in line ? refuse(ctx, text, line.problem, line.remedy) : line
  })
  return { schema, metavar, remedy }
}
