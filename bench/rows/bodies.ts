// bench/rows/bodies.ts: rows with long answers and long requests.
//
// nginx by default reads an answer in pieces of 4 KB and puts request bodies beyond 16 KB into a file. Those who have
// such bodies give it larger buffers, so from 100 KB on, and for uploads, that is what Sluice is held against.
import { type Row, requests, USUAL } from '../row.ts'

export const BODY_ROWS: readonly Row[] = [
  {
    ...USUAL,
    name: 'answer-10k',
    about: 'answers of 10 KB',
    load: requests({ path: '/files/10k' }),
    goal: 1,
  },
  {
    ...USUAL,
    name: 'answer-100k',
    about: 'answers of 100 KB',
    load: requests({ path: '/files/100k' }),
    comparedWith: 'nginx-buffers',
    goal: 1,
  },
  {
    ...USUAL,
    name: 'answer-1m',
    about: 'answers of 1 MB',
    load: requests({ path: '/files/1m' }),
    comparedWith: 'nginx-buffers',
    goal: 0.8,
  },
  {
    ...USUAL,
    name: 'post-10k',
    about: 'a POST of 10 KB, an answer of 100 bytes',
    load: requests({ path: '/post', bodyBytes: 10 * 1024 }),
    comparedWith: 'nginx-buffers',
    goal: 1.2,
  },
  {
    ...USUAL,
    name: 'post-100k',
    about: 'a POST of 100 KB, an answer of 100 bytes',
    load: requests({ path: '/post', bodyBytes: 100 * 1024 }),
    comparedWith: 'nginx-buffers',
    goal: 1.2,
  },
]
