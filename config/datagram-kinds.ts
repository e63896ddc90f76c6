// config/datagram-kinds.ts: the kinds of values that tell where datagrams come in and go to, and of the keys they name.
import { z } from 'zod'
import {
  type DatagramAddress,
  type DatagramTarget,
  parseDatagramAddress,
  parseDatagramTarget,
} from '../base/datagram-address.ts'
import { type Kind, refuse } from './kinds.ts'

/** Where datagrams are received. */
export const datagramAddress: Kind<DatagramAddress> = {
  schema: z.string().transform((text, ctx): DatagramAddress => {
    const address = parseDatagramAddress(text)
    return 'problem' in address ? refuse(ctx, text, address.problem, address.remedy) : address
  }),
  metavar: 'ADDRESS',
  remedy: 'Write an address such as 127.0.0.1:4000, :4000, [::1]:4000 or 239.1.2.3:4000',
}

/** Where datagrams are sent to. */
export const datagramTarget: Kind<DatagramTarget> = {
  schema: z.string().transform((text, ctx): DatagramTarget => {
    const target = parseDatagramTarget(text)
    return 'problem' in target ? refuse(ctx, text, target.problem, target.remedy) : target
  }),
  metavar: 'HOST:PORT',
  remedy: 'Write HOST:PORT, such as 10.0.0.7:4000',
}

/** A key as nodes announce it; the host in lower case. */
export const keyName: Kind<string> = {
  schema: z
    .string()
    .regex(/^[!-~]{1,255}$/, 'it is not a key: 1 to 255 printable characters without blanks')
    .transform(key => key.replace(/^[^/]+/, host => host.toLowerCase())),
  metavar: 'KEY',
  remedy: 'Write a key as nodes announce it, such as www.example.com',
}
