// Starts a certified OpenID Connect provider on loopback. Whoever it lets in stands in a file that tests write.
// Usage: node oidc.mjs FOLDER PORT REDIRECT_ADDRESS…
import { createRequire } from 'node:module'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, port, ...addresses] = process.argv.slice(2)
const require = createRequire(join(process.env.PEERS_MODULES, 'package.json'))
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')).href)

const people = () => JSON.parse(readFileSync(join(folder, 'people.json'), 'utf8'))
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const client = { redirect_uris: addresses, grant_types: ['authorization_code'], response_types: ['code'] }
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    { ...client, client_id: 'collab', client_secret: 'a-shared-secret' },
    { ...client, client_id: 'public', token_endpoint_auth_method: 'none' },
    { ...client, client_id: 'channels', client_secret: 'a-channel-secret', grant_types: ['authorization_code', 'refresh_token'] },
    { ...client, client_id: 'posting', client_secret: 'another-secret', token_endpoint_auth_method: 'client_secret_post' },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'first' }] },
  cookies: { keys: [randomBytes(16).toString('hex')] },
  claims: { openid: ['sub', 'amr'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
  scopes: ['openid', 'offline_access', 'post.write'],
  rotateRefreshToken: true,
  issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
  features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
  interactions: { url: (ctx, interaction) => `/sign-in/${interaction.uid}` },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people()[id] }) }),
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      accountId: ctx.oidc.session.accountId,
      clientId: ctx.oidc.client.clientId,
    })
    grant.addOIDCScope('openid email profile')
    const known = people()[ctx.oidc.session.accountId]
    if (known?.posts === false) grant.rejectOIDCScope('post.write')
    else grant.addOIDCScope('post.write')
    await grant.save()
    return grant
  },
})
provider.use(async (ctx, next) => {
  if (ctx.path === '/health') {
    ctx.body = {}
    return
  }
  if (!ctx.path.startsWith('/sign-in/')) {
    await next()
    return
  }
  const who = new URLSearchParams(ctx.querystring).get('as')
  const known = people()[who]
  const result = known ? { login: { accountId: who, amr: known.amr } } : { error: 'access_denied' }
  const address = await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: false })
  ctx.redirect(address)
})
provider.listen(Number(port), '127.0.0.1')
