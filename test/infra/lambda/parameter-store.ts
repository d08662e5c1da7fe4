import { createServer } from "node:http";
import { json } from "node:stream/consumers";
import { listenOnLoopback } from "../../../sandbox/listen.ts";

/** SSM's Parameter Store, as far as the functions use it. */
export interface ParameterStore extends AsyncDisposable {
  readonly url: string;
  /** SecureStrings by name, as they read decrypted. */
  readonly values: Map<string, string>;
}

/** What either call may say. */
interface Input {
  readonly Name: string;
  readonly WithDecryption?: boolean;
  readonly Value?: string;
  readonly Type?: string;
  readonly Overwrite?: boolean;
}

interface Answer {
  readonly status?: number;
  readonly body: object;
}

/** Starts one on 127.0.0.1, with nothing in it. */
export async function startParameterStore(): Promise<ParameterStore> {
  const values = new Map<string, string>();

  const operations: Readonly<Record<string, (input: Input) => Answer>> = {
    "AmazonSSM.GetParameter"({ Name, WithDecryption }) {
      const plain = values.get(Name);
      if (plain === undefined) return refusal("ParameterNotFound");
      const Value = WithDecryption ? plain : "AQICAHiEncrypted";
      return { body: { Parameter: { Name, Type: "SecureString", Value } } };
    },
    "AmazonSSM.PutParameter"({ Name, Value = "", Type, Overwrite = false }) {
      if (values.has(Name) && !Overwrite) return refusal("ParameterAlreadyExists");
      if (Type !== "SecureString") return refusal("HierarchyTypeMismatchException");
      values.set(Name, Value);
      return { body: { Tier: "Standard", Version: 2 } };
    },
  };

  const server = createServer(async (request, response) => {
    const operation = operations[String(request.headers["x-amz-target"])];
    const { status = 200, body } =
      operation?.((await json(request)) as Input) ?? refusal("UnknownOperationException");
    response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
  });
  const { url, stop } = await listenOnLoopback(server);
  return { url, values, [Symbol.asyncDispose]: stop };
}

function refusal(type: string): Answer {
  return { status: 400, body: { __type: type, message: "refused" } };
}
