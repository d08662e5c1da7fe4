/** SSM's client as far as it is used. A module of its own: loaded when a token is first asked for, and no command more. */
import {
  GetParameterCommand,
  PutParameterCommand,
  SSMClient,
  type SSMClientConfig,
} from "@aws-sdk/client-ssm";

/** SSM answers within 50 ms or so; the SDK tries a call that failed twice more. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true };

/** One SecureString. Both throw as the SDK does. */
export interface Parameter {
  get(): Promise<string>;
  put(value: string): Promise<void>;
}

/** @param name of the parameter, or its ARN */
export function openParameter(name: string, config: SSMClientConfig): Parameter {
  const client = new SSMClient({ requestHandler: TIMEOUTS, ...config });
  return {
    async get() {
      const { Parameter } = await client.send(new GetParameterCommand({ Name: name, WithDecryption: true }));
      return Parameter?.Value ?? "";
    },
    async put(value) {
      const parameter = { Name: name, Value: value, Type: "SecureString", Overwrite: true } as const;
      await client.send(new PutParameterCommand(parameter));
    },
  };
}
