// config/options/limits.ts: how large a request may be.
import { bytes, integer } from '../kinds.ts'
import { optionOr } from '../option.ts'

export const limitOptions = {
  title: 'Limits',
  options: {
    'limit-post': optionOr(bytes(0), '0', {
      doc: 'Largest body of a request; larger ones get 413. 0: no limit.',
    }),
    'http-max-head-size': optionOr(bytes(1024, 65_535), '32k', {
      doc: 'Largest head of a request, request line included; larger ones get 431.',
      ours: true,
    }),
    'http-max-headers': optionOr(integer(1, 1000), '128', {
      doc: 'Most header lines of a request; more get 431.',
      ours: true,
    }),
    'http-max-uri': optionOr(bytes(64, 65_535), '8k', {
      doc: 'Longest target of a request (path and query); longer ones get 414.',
      ours: true,
    }),
  },
}
