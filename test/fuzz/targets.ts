// test/fuzz/targets.ts: every parser of bytes that others send, or of text that people write.
import type { Target } from './target.ts'
import { address } from './targets/address.ts'
import { childLines } from './targets/child-lines.ts'
import { chunked } from './targets/chunked.ts'
import { config } from './targets/config.ts'
import { control } from './targets/control.ts'
import { forwardedFor } from './targets/forwarded-for.ts'
import { host } from './targets/host.ts'
import { ini } from './targets/ini.ts'
import { logLine } from './targets/log-line.ts'
import { logTemplate } from './targets/log-template.ts'
import { pathInfo } from './targets/path-info.ts'
import { proxyProtocol } from './targets/proxy-protocol.ts'
import { regex } from './targets/regex.ts'
import { requestHead } from './targets/request-head.ts'
import { forwardedRequest } from './targets/request-text.ts'
import { cgiResponseHead, responseHead } from './targets/response-head.ts'
import { forwardedResponse } from './targets/response-text.ts'
import { subscriptionPacket } from './targets/subscription-packet.ts'
import { packet } from './targets/uwsgi-packet.ts'

export const TARGETS: readonly Target[] = [
  requestHead,
  host,
  responseHead,
  cgiResponseHead,
  chunked,
  proxyProtocol,
  forwardedRequest,
  packet,
  pathInfo,
  forwardedResponse,
  forwardedFor,
  logLine,
  logTemplate,
  address,
  ini,
  config,
  control,
  childLines,
  subscriptionPacket,
  regex,
]
