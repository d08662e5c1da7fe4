import { uploadUrlProblem } from "./bucket-account.ts";

/** Where Mapillary takes bytes, by its own client's settings. */
export const DEFAULT_UPLOAD_ENDPOINT = "https://rupload.facebook.com/mapillary_public_uploads";

/** Where Mapillary takes questions and finishes, by its documentation. */
export const DEFAULT_GRAPH_ENDPOINT = "https://graph.mapillary.com";

/** What the v4 lane knows of one account. */
export interface V4Account {
  /** Where its access token comes from. */
  readonly credential:
    | { readonly kind: "token"; readonly accessToken: string }
    /** Name of a SecureString in SSM. */
    | { readonly kind: "parameter"; readonly name: string };
  /** The upload service, without the session key. */
  readonly uploadEndpoint: string;
  /** The graph API. */
  readonly graphEndpoint: string;
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Says what is wrong with an endpoint, to follow the name of the field; never repeats it. `undefined`: nothing. Both
 * are sent the access token, so nothing but this machine is spoken to in the clear.
 */
export function endpointProblem(endpoint: string): string | undefined {
  const problem = uploadUrlProblem(endpoint);
  if (problem !== undefined) return problem.replace("https://host/bucket", "https://host/path");
  const url = new URL(endpoint);
  if (url.protocol === "https:" || LOOPBACK.has(url.hostname)) return undefined;
  return "has the scheme http:; expected https:, except for this machine";
}

// SSM: letters, digits and . - _ in a hierarchy of at most 15 levels, or an ARN; 2,048 characters.
const PARAMETER_NAME = /^[A-Za-z0-9/_.:-]{1,2048}$/u;

/** Says what is wrong with the name of an SSM parameter, to follow the name of the field. `undefined`: nothing. */
export function parameterNameProblem(name: string): string | undefined {
  return PARAMETER_NAME.test(name) ? undefined : "is no name of an SSM parameter; expected /folder/name";
}
