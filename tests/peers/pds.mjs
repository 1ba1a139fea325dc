// Starts a real Bluesky PDS with its own PLC directory, both on loopback, and says when they answer.
// Usage: node pds.mjs FOLDER PLC_PORT PDS_PORT RATE_LIMITS(on|off)
import { createRequire } from 'node:module'
import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, plcPort, pdsPort, rateLimits] = process.argv.slice(2)
const require = createRequire(join(process.env.PEERS_MODULES, 'package.json'))
const load = async (name) => {
  const found = await import(pathToFileURL(require.resolve(name)).href)
  return { ...(found.default ?? {}), ...found }
}
const { Database, PlcServer } = await load('@did-plc/server')
const { PDS, envToCfg, envToSecrets } = await load('@atproto/pds')

for (const name of ['actors', 'blobs', 'blobs-tmp']) mkdirSync(join(folder, name), { recursive: true })
const plc = PlcServer.create({ db: Database.mock(), port: Number(plcPort) })
await plc.start()
const env = {
  devMode: true,
  port: Number(pdsPort),
  hostname: 'localhost',
  dataDirectory: join(folder, 'actors'),
  blobstoreDiskLocation: join(folder, 'blobs'),
  blobstoreDiskTmpLocation: join(folder, 'blobs-tmp'),
  adminPassword: randomBytes(16).toString('hex'),
  jwtSecret: randomBytes(16).toString('hex'),
  serviceHandleDomains: ['.test'],
  didPlcUrl: `http://127.0.0.1:${plcPort}`,
  plcRotationKeyK256PrivateKeyHex: randomBytes(32).toString('hex'),
  inviteRequired: false,
  disableSsrfProtection: true,
  rateLimitsEnabled: rateLimits === 'on',
  bskyAppViewUrl: 'http://127.0.0.1:9',
  bskyAppViewDid: 'did:example:appview',
}
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
await pds.start()
console.log('ready')

const stop = async () => {
  await pds.destroy()
  await plc.destroy()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
