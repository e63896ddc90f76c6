// bin/nothing-to-do.ts: what `sluice` alone says, as nothing was asked for.

export const NOTHING_TO_DO = `sluice: nothing to do, as no option and no file is given. Try one of:

  sluice --http :8080                                     a welcome page on http://localhost:8080/
  sluice --http :8080 --http-to http://127.0.0.1:3000     requests go to the application on port 3000
  sluice FILE.ini                                         as the file says
  sluice --help                                           all options
`
