/**
 * What stands between a function and its cloud: IAM, as far as the function's own policy goes. A call that the policy
 * does not allow is refused, and a call that it allows is noted.
 */
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { listenOnLoopback } from "../../../sandbox/listen.ts";
import type { Statement } from "../engine/graph.ts";

/** A gate in front of S3, SQS, DynamoDB and SSM, which it tells apart as AWS's own clients do. */
export interface Gate extends AsyncDisposable {
  readonly url: string;
  /** What was allowed, each once: an action, a blank and the resource of the statement that allows it. */
  readonly used: ReadonlySet<string>;
  /** What was refused: an action, a blank and the resource. */
  readonly refused: readonly string[];
}

/** Where a gate leads. */
export interface GateOptions {
  readonly statements: readonly Statement[];
  /** Addresses of the services. */
  readonly upstream: Readonly<Record<Service, string>>;
  /** ARNs of what the services know by other names; of parameters what stands before their names. */
  readonly arns: { readonly table: string; readonly intake: string; readonly parameters: string };
  /** The version that every object has, for a bucket that keeps versions behind a service that does not. */
  readonly versionId: string;
}

type Service = "s3" | "sqs" | "dynamodb" | "ssm";

/** A call, as IAM sees it. */
interface Call {
  readonly service: Service;
  readonly action: string;
  readonly resource: string;
}

/** Starts a gate on 127.0.0.1. */
export async function startGate(options: GateOptions): Promise<Gate> {
  const used = new Set<string>();
  const refused: string[] = [];

  function isAllowed({ action, resource }: Pick<Call, "action" | "resource">): boolean {
    for (const statement of options.statements) {
      const pattern = [statement.Resource ?? []].flat().find((one) => fits(one, resource));
      if (pattern === undefined || ![statement.Action].flat().includes(action)) continue;
      used.add(`${action} ${pattern}`);
      return true;
    }
    refused.push(`${action} ${resource}`);
    return false;
  }

  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const call = callOf(request, body, options);
    if (!isAllowed(call)) return refuse(response, call.service);
    if (isOtherVersion(request, options)) return answerS3(response, 404, "NoSuchVersion");
    forward(request, body, options.upstream[call.service], (answer) => {
      // S3 tells who may list a bucket that an object is not there, and others nothing.
      const hides = call.service === "s3" && answer.statusCode === 404;
      if (hides && !isAllowed({ action: "s3:ListBucket", resource: call.resource.split("/")[0] ?? "" })) {
        answer.resume();
        return refuse(response, "s3");
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    }).on("error", () => response.destroy());
  });
  const { url, stop } = await listenOnLoopback(server);
  return { url, used, refused, [Symbol.asyncDispose]: stop };
}

/** A star stands for anything, and only our own patterns come here. */
function fits(pattern: string, resource: string): boolean {
  return pattern.endsWith("*") ? resource.startsWith(pattern.slice(0, -1)) : resource === pattern;
}

function callOf(request: IncomingMessage, body: Buffer, { arns }: GateOptions): Call {
  const target = request.headers["x-amz-target"];
  if (typeof target !== "string") return callOfS3(request);
  const [api = "", operation = ""] = target.split(".");
  const input = JSON.parse(body.toString("utf8")) as { readonly IndexName?: string; readonly Name?: string };
  if (api.startsWith("DynamoDB_")) {
    const resource = input.IndexName === undefined ? arns.table : `${arns.table}/index/${input.IndexName}`;
    return { service: "dynamodb", action: `dynamodb:${operation}`, resource };
  }
  if (api === "AmazonSSM")
    return { service: "ssm", action: `ssm:${operation}`, resource: `${arns.parameters}${input.Name}` };
  return { service: "sqs", action: `sqs:${operation}`, resource: arns.intake };
}

function callOfS3({ method = "", url = "" }: IncomingMessage): Call {
  const [path = "", query = ""] = url.split("?", 2);
  const isRead = method === "GET" || method === "HEAD";
  const ofVersion = new URLSearchParams(query).has("versionId") ? "Version" : "";
  return {
    service: "s3",
    action: isRead ? `s3:GetObject${ofVersion}` : `s3:${method}`,
    resource: `arn:aws:s3:::${decodeURIComponent(path.slice(1))}`,
  };
}

function isOtherVersion({ url = "" }: IncomingMessage, { versionId }: GateOptions): boolean {
  const asked = new URLSearchParams(url.split("?", 2)[1]).get("versionId");
  return asked !== null && asked !== versionId;
}

function forward(
  { method, url = "", headers }: IncomingMessage,
  body: Buffer,
  origin: string,
  onAnswer: (answer: IncomingMessage) => void,
) {
  const path = url.replace(/([?&])versionId=[^&]*&?/, "$1");
  const { hostname, port } = new URL(origin);
  const outgoing = httpRequest({ method, path, headers, hostname, port }, onAnswer);
  outgoing.end(body);
  return outgoing;
}

function refuse(response: ServerResponse, service: Service): void {
  const error = { __type: "com.amazon.coral.service#AccessDeniedException", message: "not authorized" };
  if (service === "s3") answerS3(response, 403, "AccessDenied");
  else response.writeHead(400, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(error));
}

function answerS3(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { "content-type": "application/xml" })
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
}
