// Discovers an issuer, logs in, refreshes, revokes, and verifies the access token with the published keys.
// Usage: node log-in.mjs ISSUER USERNAME PASSWORD; prints the outcome as JSON.
import * as client from "openid-client";
import { createRemoteJWKSet, jwtVerify } from "jose";

const [issuer, username, password] = process.argv.slice(2);

async function discovered(algorithm) {
  const options = { algorithm, execute: [client.allowInsecureRequests] };
  return client.discovery(new URL(issuer), "shop", undefined, client.None(), options);
}

async function refusal(attempt) {
  try {
    await attempt();
    return null;
  } catch (error) {
    return { name: error.constructor.name, status: error.status, error: error.error };
  }
}

const config = await discovered("oidc");
const byOAuth = await discovered("oauth2");
const first = await client.genericGrantRequest(config, "password", { username, password });
const second = await client.refreshTokenGrant(config, first.refresh_token);
await client.tokenRevocation(config, second.refresh_token);
const keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
const verified = await jwtVerify(second.access_token, keys, {
  issuer: config.serverMetadata().issuer,
  audience: "mercato",
  algorithms: config.serverMetadata().id_token_signing_alg_values_supported,
});

console.log(
  JSON.stringify({
    sameMetadata: JSON.stringify(config.serverMetadata()) === JSON.stringify(byOAuth.serverMetadata()),
    tokenType: second.token_type,
    expiresIn: second.expires_in,
    rotated: first.refresh_token !== second.refresh_token,
    email: verified.payload.email,
    algorithm: verified.protectedHeader.alg,
    afterRevocation: await refusal(() => client.refreshTokenGrant(config, second.refresh_token)),
    wrongPassword: await refusal(() =>
      client.genericGrantRequest(config, "password", { username, password: `${password}?` })),
    withSecret: await refusal(async () => {
      const options = { execute: [client.allowInsecureRequests] };
      const other = await client.discovery(new URL(issuer), "shop", "secret", client.ClientSecretBasic(), options);
      return client.genericGrantRequest(other, "password", { username, password });
    }),
  }),
);
