import { once } from 'node:events'
import {
  Agent,
  request as ask,
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { random } from './landscape.ts'

/** What goes wrong with a request. `answer lost` and `done, then 502`: the server has done its work by then. */
export const FAULTS = [
  'reset before',
  'reset in the body',
  'answer lost',
  'answer cut short',
  'answer cut and closed',
  'done, then 502',
  'delay',
  'throttle',
  'hang',
  '429 after seconds',
  '429 after a date',
  '500',
  '502 page',
  '503',
] as const
export type FaultKind = (typeof FAULTS)[number]

/** `half`: so much of an upload's body went on; `done`: the server has answered, and nobody knows of it yet. */
export type Moment = 'request' | 'half' | 'done'
/** `size`: bytes of the request's body as announced. */
export type Seen = { moment: Moment; method: string; path: string; size: number }
type Sent = {
  what: string
  size: number
  bytes: number
  whole: boolean
  /** ms; 0: still on its way. */
  ended: number
  fault: FaultKind | undefined
}
export type BadNetwork = Awaited<ReturnType<typeof startProxy>>

// Waiting faults stay short: what they show is that waiting is survived, not how long.
const DELAY_MS = 60
const SLICE_BYTES = 64 * 1024

/**
 * A bad network before the server at `target`, on 127.0.0.1: of all requests the share `rate` (0 to 1, may be changed on
 * the way) meets a fault, chosen by `seed`. `on` is awaited at each moment of each request; where it gives true, the
 * connection breaks right there.
 */
export async function startProxy(
  target: string,
  {
    seed = 1,
    rate = 0,
    kinds = FAULTS as readonly FaultKind[],
    on = (async () => false) as (seen: Seen) => Promise<boolean> | boolean,
  } = {},
) {
  const next = random(seed)
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const faults = new Map<FaultKind, number>()
  const uploads: Sent[] = []
  const proxy = {
    rate,
    kinds,
    on,
    zips: 0.3,
    left: Number.POSITIVE_INFINITY,
    only: undefined as RegExp | undefined,
    instead: (_: Seen): Refusal | undefined => undefined,
  }
  let requests = 0

  const server = createServer((request, response) => {
    requests++
    serve(request, response).catch(() => response.destroy())
  })
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  function choose(request: IncomingMessage): FaultKind | undefined {
    const hit = next() < proxy.rate && proxy.left > 0
    const kind = proxy.kinds[Math.floor(next() * proxy.kinds.length)]
    if (!hit || !kind) return
    if (proxy.only && !proxy.only.test(`${request.method} ${request.url}`)) return
    const isUpload = request.method === 'POST' && /\/assets$/.test(request.url ?? '')
    // An upload's answer may take ten times as long as all others.
    let fault = kind
    if (kind === 'reset in the body' && !isUpload) fault = 'reset before'
    if (kind === 'hang' && isUpload) fault = 'throttle'
    proxy.left--
    faults.set(fault, (faults.get(fault) ?? 0) + 1)
    return fault
  }

  async function serve(request: IncomingMessage, response: ServerResponse) {
    const { method = 'GET', url: path = '/', headers, socket } = request
    const size = Number(headers['content-length'] ?? 0)
    const isUpload = method === 'POST' && /\/assets$/.test(path)
    const fault = choose(request)
    const sent: Sent = { what: '', size, bytes: 0, whole: false, ended: 0, fault }
    if (isUpload) uploads.push(sent)
    const at = (moment: Moment) => proxy.on({ moment, method, path, size })
    const breakOff = () => {
      sent.ended ||= Date.now()
      // Both kinds of ends are met in the wild: a reset, and a connection that is merely closed.
      if (next() < 0.5) socket.resetAndDestroy()
      else socket.destroy()
    }
    response.on('close', () => {
      sent.ended ||= Date.now()
    })
    if (await at('request')) return breakOff()
    if (fault === 'reset before') return breakOff()
    if (fault === 'hang') return void setTimeout(() => socket.destroy(), 30_000).unref()
    if (fault === 'delay') await sleep(DELAY_MS * next())
    const instead = proxy.instead({ moment: 'request', method, path, size })
    const refusal = instead ?? (fault && refusals[fault]?.())
    // A server that judges reads all of it first.
    if (instead) for await (const chunk of slices(request)) sent.bytes += chunk.length
    if (refusal) {
      const { status, headers = {}, body } = refusal
      // As a server before the server does it: at once, without waiting for the body.
      response.writeHead(status, { connection: 'close', ...headers })
      response.end(body)
      // It reads on for a moment, or the client would not hear it.
      request.resume()
      await sleep(50)
      return void socket.destroySoon()
    }

    const onward = ask(`${target}${path}`, {
      method,
      headers: { ...headers, host: new URL(target).host },
      agent,
    })
    const answered = once(onward, 'response') as Promise<[IncomingMessage]>
    answered.catch(() => {})
    // A client that is gone, and a server that is.
    response.once('close', () => onward.destroy())
    onward.on('error', () => socket.destroy())
    let half = false
    for await (const chunk of slices(request)) {
      if (isUpload && !sent.what)
        sent.what = /name="deviceAssetId"\r\n\r\n(.*)\r\n/.exec(String(chunk))?.[1] ?? '?'
      sent.bytes += chunk.length
      if (!half && sent.bytes >= size / 2) {
        half = true
        if ((isUpload && (await at('half'))) || fault === 'reset in the body') {
          onward.destroy()
          return breakOff()
        }
      }
      if (fault === 'throttle') await sleep(2)
      if (!onward.write(chunk)) await Promise.race([once(onward, 'drain'), answered])
    }
    onward.end()
    sent.whole = sent.bytes === size
    const [answer] = await answered
    const chunks: Buffer[] = []
    for await (const chunk of answer) chunks.push(chunk)
    const plain = Buffer.concat(chunks)
    if (await at('done')) return breakOff()
    if (fault === 'answer lost') return breakOff()
    if (fault === 'done, then 502') {
      response.writeHead(502, { 'content-type': 'text/html' })
      return void response.end(page(502))
    }
    // What stands before a server often packs its answers.
    const zips =
      /gzip/.test(String(headers['accept-encoding'])) && plain.length > 0 && next() < proxy.zips
    const body = zips ? gzipSync(plain) : plain
    const {
      'content-length': _,
      'transfer-encoding': __,
      connection: ___,
      ...kept
    } = answer.headers
    const about = { ...kept, ...(zips && { 'content-encoding': 'gzip' }) }
    const status = answer.statusCode ?? 500
    if (fault === 'answer cut and closed' && body.length > 1) {
      // No length was promised, so the close looks like the end.
      response.useChunkedEncodingByDefault = false
      response.removeHeader('transfer-encoding')
      response.writeHead(status, { ...about, connection: 'close' })
      return void response.end(body.subarray(0, body.length / 2))
    }
    response.writeHead(status, {
      ...about,
      ...(status !== 204 && { 'content-length': body.length }),
    })
    if (fault === 'answer cut short') {
      response.write(body.subarray(0, body.length / 2))
      await sleep(1)
      return breakOff()
    }
    if (fault === 'throttle') {
      for (let from = 0; from < body.length; from += body.length / 4 + 1) {
        response.write(body.subarray(from, from + body.length / 4 + 1))
        await sleep(3)
      }
      return void response.end()
    }
    response.end(body)
  }

  async function* slices(request: IncomingMessage): AsyncGenerator<Buffer> {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      for (let from = 0; from < chunk.length; from += SLICE_BYTES)
        yield chunk.subarray(from, from + SLICE_BYTES)
    }
  }

  const refusals: { [F in FaultKind]?: () => Refusal } = {
    '429 after seconds': () => ({ status: 429, headers: { 'retry-after': '1' }, body: '' }),
    '429 after a date': () => ({
      status: 429,
      headers: { 'retry-after': new Date(Date.now() + 1000).toUTCString() },
      body: '{"message":"slow down"}',
    }),
    '500': () => ({
      status: 500,
      headers: { 'content-type': 'application/json' },
      body: '{"message":"Internal server error","statusCode":500}',
    }),
    '502 page': () => ({ status: 502, headers: { 'content-type': 'text/html' }, body: page(502) }),
    '503': () => ({
      status: 503,
      headers: { 'content-type': 'text/html', 'retry-after': '0' },
      body: page(503),
    }),
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /**
     * May be changed at any time: `rate`, `kinds`, `on`; `only`: method and path that faults keep to; `left`: how many are
     * still to come; `zips`: the share of answers that come packed; `instead`: an answer that the server is not asked for.
     */
    proxy,
    faults,
    uploads,
    count: () => requests,
    /** Uploads that were on their way within the last `ms`: what a kill now may cost a second time. */
    atRisk: (ms: number) => uploads.filter(({ ended }) => ended === 0 || ended > Date.now() - ms),
    async stop() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export type Refusal = { status: number; headers?: Record<string, string>; body: string }
const page = (status: number) =>
  `<html><head><title>${status}</title></head><body>nginx</body></html>`
