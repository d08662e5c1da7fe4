import type { Watched } from "./alarms.ts";
import { metricNamespace } from "./log.ts";
import type { LogMetricName } from "./metrics.ts";
import { nameOf } from "./stage.ts";

/** Makes the one page that shows how the stage is doing. */
export function createDashboard(watched: Watched, table: sst.aws.Dynamo): aws.cloudwatch.Dashboard {
  const { region } = aws.getRegionOutput();
  const names = $resolve({
    region,
    table: table.name,
    intake: watched.intake.nodes.queue.name,
    deadLetters: watched.deadLetters.nodes.queue.name,
    functions: Object.values(watched.functions).map(({ name }) => name),
  });
  return new aws.cloudwatch.Dashboard("Dashboard", {
    dashboardName: nameOf("dashboard"),
    dashboardBody: names.apply((found) => JSON.stringify({ widgets: layOut(chartsOf(found), found.region) })),
  });
}

interface Names {
  readonly region: string;
  readonly table: string;
  readonly intake: string;
  readonly deadLetters: string;
  readonly functions: readonly string[];
}

/** Name space, metric, dimension and its value, and how to draw it. */
type Line = readonly (string | { readonly stat: string; readonly label?: string })[];

interface Chart {
  readonly title: string;
  readonly metrics: readonly Line[];
}

function chartsOf({ table, intake, deadLetters, functions }: Names): Chart[] {
  const ofFunctions = (metric: string, stat: string): Line[] =>
    functions.map((name) => ["AWS/Lambda", metric, "FunctionName", name, { stat }]);
  const ofQueue = (queue: string, metric: string, label: string): Line => [
    "AWS/SQS",
    metric,
    "QueueName",
    queue,
    { stat: "Maximum", label },
  ];
  return [
    {
      title: "Photos",
      metrics: sumsOf("Relayed", "Rejected", "LeftOut", "Duplicates", "Failed", "Postponed"),
    },
    { title: "Bytes relayed", metrics: sumsOf("RelayedBytes") },
    {
      title: "Relaying one photo, ms",
      metrics: ["Average", "Maximum"].map((stat) => own("RelayDuration", stat)),
    },
    {
      title: "Waiting",
      metrics: [
        ofQueue(intake, "ApproximateNumberOfMessagesVisible", "intake"),
        ofQueue(intake, "ApproximateNumberOfMessagesNotVisible", "in the works or put off"),
        ofQueue(deadLetters, "ApproximateNumberOfMessagesVisible", "dead letters"),
      ],
    },
    {
      title: "Age of the oldest message, s",
      metrics: [ofQueue(intake, "ApproximateAgeOfOldestMessage", "intake")],
    },
    { title: "Sequences", metrics: sumsOf("PublishedPhotos", "HeldSequences", "UnknownSequences") },
    { title: "Trouble", metrics: sumsOf("StoppedAccounts", "TokensNotRefreshed", "Unreadable") },
    { title: "Calls at once", metrics: ofFunctions("ConcurrentExecutions", "Maximum") },
    { title: "Errors", metrics: ofFunctions("Errors", "Sum") },
    { title: "Throttled calls", metrics: ofFunctions("Throttles", "Sum") },
    { title: "Duration of a call, ms", metrics: ofFunctions("Duration", "p99") },
    {
      title: "Table",
      metrics: ["ConsumedWriteCapacityUnits", "ConsumedReadCapacityUnits", "WriteThrottleEvents"].map(
        (metric) => ["AWS/DynamoDB", metric, "TableName", table, { stat: "Sum" }],
      ),
    },
  ];
}

function own(metric: LogMetricName, stat: string): Line {
  return [metricNamespace(), metric, { stat }];
}

function sumsOf(...metrics: readonly LogMetricName[]): Line[] {
  return metrics.map((metric) => own(metric, "Sum"));
}

/** A dashboard is 24 columns wide. */
const COLUMNS = 24;
const WIDTH = 8;
const HEIGHT = 6;

function layOut(charts: readonly Chart[], region: string) {
  const perRow = COLUMNS / WIDTH;
  return charts.map(({ title, metrics }, at) => ({
    type: "metric",
    x: (at % perRow) * WIDTH,
    y: Math.floor(at / perRow) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: { title, metrics, region, period: 300, view: "timeSeries" },
  }));
}
