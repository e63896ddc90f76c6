// test/config/queue-length.test.ts: how long the queue of a listener is when nobody says.
import t from 'tap'
import { longestQueue, usualQueue } from '../../config/queue-length.ts'
import { configOf, folderOf } from './folder.ts'

t.test('the default is 1024, less where the kernel allows less', async t => {
  t.equal(usualQueue(4096), 1024)
  t.equal(usualQueue(1024), 1024)
  t.equal(usualQueue(128), 128)
})

t.test('it is what a configuration without listen gets', async t => {
  t.equal(configOf(folderOf(t, {}).load('--http=:0')).values.listen, usualQueue(longestQueue()))
})
