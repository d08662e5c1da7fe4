/** What comes back from the OAuth page: RFC 6749, 4.1.2. */

/** What the page's answer says. */
export type OauthAnswer =
  | { readonly kind: "code"; readonly code: string }
  /** The person, or the page, said no. */
  | { readonly kind: "denied"; readonly why: string }
  /** It answers another login than this one, or none: somebody else may have sent it. */
  | { readonly kind: "foreign" }
  /** Neither a code nor an error is in it. */
  | { readonly kind: "nothing" };

/**
 * Where a person is sent to agree.
 *
 * @param connectUrl the OAuth page, possibly with a query of its own
 */
export function consentUrl(
  connectUrl: string,
  wish: { readonly clientId: string; readonly redirectUri: string; readonly state: string },
): string {
  const url = new URL(connectUrl);
  const { clientId, redirectUri, state } = wish;
  url.searchParams.set("client_id", clientId);
  url.searchParams.set("response_type", "code");
  url.searchParams.set("scope", "read write upload");
  url.searchParams.set("redirect_uri", redirectUri);
  url.searchParams.set("state", state);
  // A plus for a blank is a form's, and not every server reads a query as a form; a real plus is %2B by now.
  return url.href.replaceAll("+", "%20");
}

/** Reads the query that the page sent back. */
export function readOauthAnswer(query: URLSearchParams, state: string): OauthAnswer {
  const [code, error] = [query.get("code"), query.get("error")];
  if (code === null && error === null) return { kind: "nothing" };
  if (query.get("state") !== state) return { kind: "foreign" };
  if (code !== null && code !== "") return { kind: "code", code };
  if (error === null || error === "") return { kind: "nothing" };
  const why = query.get("error_description") ?? "";
  return { kind: "denied", why: (why === "" ? error : `${error}: ${why}`).slice(0, 300) };
}

/**
 * Reads what a person pasted: the address that the browser was sent to, its query, or the code alone. A bare code carries
 * no state: that the person took it from the right page is all there is to go by.
 */
export function readPasted(text: string, state: string): OauthAnswer {
  const pasted = text.trim();
  const address = URL.parse(pasted);
  if (address !== null && /^https?:$/.test(address.protocol))
    return readOauthAnswer(address.searchParams, state);
  if (/^\??(?:[\w.-]+=[^&]*)(?:&[\w.-]+=[^&]*)*$/.test(pasted) && /(?:^|[?&])(?:code|error)=/.test(pasted))
    return readOauthAnswer(new URLSearchParams(pasted), state);
  return /^[\x21-\x7e]{1,2048}$/.test(pasted) ? { kind: "code", code: pasted } : { kind: "nothing" };
}
