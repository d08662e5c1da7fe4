import { LOG_METRICS, type LogMetric, patternOf } from "./metrics.ts";
import { LOG_RETENTION_DAYS } from "./sizes.ts";
import { folderOfStage } from "./stage.ts";

/** Makes the one log that all functions of the stage write to; a stream's name tells the function. */
export function createLog(): aws.cloudwatch.LogGroup {
  const name = folderOfStage();
  const logGroup = new aws.cloudwatch.LogGroup("Log", { name, retentionInDays: LOG_RETENTION_DAYS });
  for (const [metricName, metric] of Object.entries<LogMetric>(LOG_METRICS)) {
    new aws.cloudwatch.LogMetricFilter(`Count${metricName}`, {
      name: metricName,
      logGroupName: logGroup.name,
      pattern: patternOf(metric),
      metricTransformation: {
        namespace: metricNamespace(),
        name: metricName,
        value: metric.value ?? "1",
        unit: metric.unit,
      },
    });
  }
  return logGroup;
}

/** Namespace of the stage's own metrics. */
export function metricNamespace(): string {
  return `${$app.name}/${$app.stage}`;
}
