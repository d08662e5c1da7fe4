/** Things of the graph API that have an id: users and organizations. */
import { type Answer, GraphError, invalidParameter, jsonAnswer } from "./answer.ts";
import { authorize, type V4Request, type V4Service } from "./service.ts";

type Node = Readonly<Record<string, string>>;

/**
 * GET /me: whose token it is.
 *
 * @throws {GraphError} 401, or 400 for a field that there is not.
 */
export async function getMe(service: V4Service, request: V4Request): Promise<Answer> {
  const { id, username } = authorize(service, request);
  return answerNode({ id, username }, request);
}

/**
 * GET of an organization, or of the user himself, by id.
 *
 * @throws {GraphError} 401; 400 for an id or a field that there is not.
 */
export async function getNode(service: V4Service, request: V4Request): Promise<Answer> {
  const { id: userId, username } = authorize(service, request);
  const id = request.route.argument;
  if (id === userId) return answerNode({ id, username }, request);
  const organization = service.organizations.find((candidate) => candidate.id === id);
  if (organization !== undefined) return answerNode({ ...organization }, request);
  // As Facebook's graph says it, with its status: 400, not 404.
  const message = `Unsupported get request. Object with ID '${id}' does not exist, or cannot be loaded due to missing permissions`;
  throw new GraphError(400, 100, message, "GraphMethodException");
}

/** The id, and of the rest what was asked for. */
function answerNode(node: Node, { route }: V4Request): Answer {
  const fields = (route.query.get("fields") ?? "").split(",").filter((field) => field !== "");
  const missing = fields.find((field) => !Object.hasOwn(node, field));
  if (missing !== undefined) throw invalidParameter(`Tried accessing nonexisting field (${missing})`);
  return jsonAnswer(200, Object.fromEntries([...fields, "id"].map((field) => [field, node[field]])));
}
