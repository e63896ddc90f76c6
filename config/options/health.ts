// config/options/health.ts: options about how nodes are watched.
import { healthCheck } from '../health-kind.ts'
import { list } from '../option.ts'

export const healthOptions = {
  title: 'Health',
  options: {
    'health-check': list(healthCheck, {
      doc: 'Checks nodes by METHOD: http=/PATH, tcp, or uwsgi (a ping). Without key=GLOB all nodes, those of http-to too; of several lines the first that matches a key counts. Besides: status=200-399 (may be given twice), host=NAME, interval=5, timeout=2 (seconds), fall=3 failures in a row, rise=2 successes. A node that announces itself gets traffic after its first success.',
      ours: true,
    }),
  },
}
