/**
 * OAuth: the page where a person agrees, and the exchange of what it hands out for an access token.
 *
 * [?] What becomes of a token that was refreshed is not known; here it stays good until it expires.
 */
import { type Answer, GraphError, INVALID_TOKEN, invalidParameter, jsonAnswer } from "./answer.ts";
import { readFields } from "./body.ts";
import { oauthValue, type V4Request, type V4Service } from "./service.ts";

/**
 * Stands in for a person who agrees at once: goes back to where the application wants, with a code.
 *
 * @throws {GraphError} 400 when there is nowhere that it may go back to.
 */
export async function connect({ accounts, faults }: V4Service, { route }: V4Request): Promise<Answer> {
  const { query } = route;
  if (query.get("client_id") !== accounts.client.id) throw invalidParameter("client_id names no application");
  const back = loopbackUrl(query.get("redirect_uri"));
  const state = query.get("state");
  if (state !== null) back.searchParams.set("state", state);
  // What Mapillary takes for granted when it is left out.
  if ((query.get("response_type") ?? "code") !== "code") return redirect(back, UNSUPPORTED);
  const user = faults.deniesConsent() ? undefined : accounts.users[0];
  return redirect(back, user === undefined ? DENIED : { code: accounts.issueCode(user.id) });
}

/**
 * POST /token: an access token for an authorization code, or for the token there is.
 *
 * @throws {GraphError} 401 when the client secret is wrong or the token to refresh opens nothing; 400 for the rest.
 */
export async function exchangeToken(
  { accounts, now }: V4Service,
  { headers, body }: V4Request,
): Promise<Answer> {
  const secret = oauthValue(headers.authorization);
  if (secret !== accounts.client.secret)
    throw new GraphError(401, INVALID_TOKEN, "The client secret is missing or wrong");
  const fields = await readFields(body, headers["content-type"]);
  const userId = userOfGrant({ accounts }, fields);
  const { accessToken, expiresAtMs } = accounts.issue(userId);
  const expiresInSeconds = Math.round((expiresAtMs - now()) / 1_000);
  return jsonAnswer(200, { access_token: accessToken, expires_in: expiresInSeconds, token_type: "bearer" });
}

function userOfGrant({ accounts }: Pick<V4Service, "accounts">, fields: ReadonlyMap<string, string>): string {
  switch (fields.get("grant_type")) {
    case "authorization_code": {
      const clientId = required(fields, "client_id");
      const user = accounts.redeemCode(required(fields, "code"), clientId);
      if (user !== undefined) return user.id;
      throw invalidParameter("The code is unknown, was used, has expired or was given to somebody else");
    }
    case "refresh_token": {
      const user = accounts.userOf(required(fields, "refresh_token"));
      if (user !== undefined) return user.id;
      throw new GraphError(401, INVALID_TOKEN, "The token to refresh is invalid or has expired");
    }
    default:
      throw invalidParameter("grant_type must be authorization_code or refresh_token");
  }
}

function required(fields: ReadonlyMap<string, string>, name: string): string {
  const value = fields.get(name);
  if (value === undefined || value === "") throw invalidParameter(`Missing parameter: ${name}`);
  return value;
}

const DENIED = { error: "access_denied", error_description: "The user denied the request" };
const UNSUPPORTED = {
  error: "unsupported_response_type",
  error_description: "response_type must be code",
};

/** A stand-in that sent browsers anywhere would be an open redirect. */
function loopbackUrl(text: string | null): URL {
  const url = text === null ? null : URL.parse(text);
  const isLoopback = url !== null && ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (isLoopback && url.protocol === "http:") return url;
  throw invalidParameter("redirect_uri must be an http address of this machine");
}

function redirect(back: URL, parameters: Readonly<Record<string, string>>): Answer {
  for (const [name, value] of Object.entries(parameters)) back.searchParams.set(name, value);
  return { status: 302, headers: { location: back.href, "content-type": "text/plain" }, body: "" };
}
