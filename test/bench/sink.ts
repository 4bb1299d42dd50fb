import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'

// The least that an upload needs of a server: it reads every body to its end and throws it away.
const answers: Record<string, unknown> = {
  '/api/server/version': { major: 3, minor: 1, patch: 0 },
  '/api/api-keys/me': { id: randomUUID(), name: 'bench', permissions: ['all'] },
  '/api/users/me': { id: randomUUID(), email: 'bench@example.com' },
}
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => {
    const upload = request.method === 'POST' && request.url === '/api/assets'
    const found = upload ? { id: randomUUID(), status: 'created' } : answers[request.url ?? '']
    response.writeHead(found ? (upload ? 201 : 200) : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ?? { message: 'Not found' }))
  })
})
server.listen(0, '127.0.0.1', () => console.log((server.address() as { port: number }).port))
process.on('disconnect', () => process.exit())
