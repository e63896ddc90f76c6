// gateway/welcome.ts: what answers while no backend is configured: a page that says what to add.
import type { OwnAnswer } from './answers.ts'

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sluice is running</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:4rem auto;padding:0 1rem}pre{background:#f3f3f3;padding:1rem;overflow:auto}</style>
<h1>Sluice is running</h1>
<p>It has no backend yet. Add where your application listens to the ini file, then start Sluice again:</p>
<pre>[sluice]
http = :8080

# an application that speaks HTTP
http-to = http://127.0.0.1:3000

# or a uWSGI instance ("socket = /run/app.sock")
http-to = /run/app.sock</pre>
<p><code>sluice --help</code> lists every option; <code>sluice check FILE</code> tells what is wrong with a file.</p>
</html>
`

export const WELCOME: OwnAnswer = {
  status: 200,
  type: 'text/html; charset=utf-8',
  body: PAGE,
  fields: 'Cache-Control: no-store\r\n',
}
