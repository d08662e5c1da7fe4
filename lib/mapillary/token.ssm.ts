import type { SSMClientConfig } from "@aws-sdk/client-ssm";
import { readStoredToken, type TokenStore, TokenUnusableError, writeStoredToken } from "./token.ts";
import type { Parameter } from "./token-client.ssm.ts";

/** What SSM says where only a person can help, and what that is to us. */
const UNUSABLE = new Map<string, TokenUnusableError["code"]>([
  ["ParameterNotFound", "token-missing"],
  ["ParameterVersionNotFound", "token-missing"],
  ["AccessDeniedException", "token-forbidden"],
  ["InvalidKeyId", "token-forbidden"],
]);

/**
 * A token in a SecureString of SSM's Parameter Store. The SDK's client is loaded with the first call: a worker whose
 * token is elsewhere never does.
 *
 * @param parameter its name or ARN. Writing puts it under the account's default key, as SSM does when no other is named
 * @param config of the SDK's client
 */
export function createSsmTokenStore(parameter: string, config: SSMClientConfig = {}): TokenStore {
  let opening: Promise<Parameter> | undefined;
  const open = () => {
    opening ??= import("./token-client.ssm.ts").then(({ openParameter }) => openParameter(parameter, config));
    return opening;
  };
  return {
    async read() {
      const { get } = await open();
      return readStoredToken(await translated(parameter, get));
    },
    async write(token) {
      const { put } = await open();
      const value = writeStoredToken(token);
      await translated(parameter, () => put(value));
    },
  };
}

async function translated<T>(parameter: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const code = error instanceof Error ? UNUSABLE.get(error.name) : undefined;
    if (code === undefined) throw error;
    const message = `the access token in the SSM parameter ${parameter} cannot be had`;
    throw new TokenUnusableError(code, `${message}: ${String(error)}`, { cause: error });
  }
}
