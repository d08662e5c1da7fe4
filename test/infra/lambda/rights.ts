import { one, statementsOf, TYPE } from "../engine/graph.ts";
import type { Synth } from "../engine/synth.ts";

/** What Lambda does in a function's name: it fetches messages, and writes the log. */
const OF_LAMBDA = /^(logs:|sqs:(DeleteMessage|GetQueueAttributes|ReceiveMessage)$)/;

/** What the function itself may do: actions, a blank and a resource each, in order. */
export function rightsOf(stage: Synth, name: string): string[] {
  return statementsOf(one(stage, TYPE.role, `${name}Role`))
    .flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .filter((action) => !OF_LAMBDA.test(action))
        .flatMap((action) => [Resource ?? []].flat().map((resource) => `${action} ${resource}`)),
    )
    .sort();
}
