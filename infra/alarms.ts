import { metricNamespace } from "./log.ts";
import type { LogMetricName } from "./metrics.ts";
import { nameOf } from "./stage.ts";

/** What is watched. */
export interface Watched {
  /** By the name that alarms and the dashboard show. */
  readonly functions: Readonly<Record<string, sst.aws.Function>>;
  readonly closeFunction: sst.aws.Function;
  readonly intake: sst.aws.Queue;
  readonly deadLetters: sst.aws.Queue;
}

/** Makes the topic that alarms go to, with a subscriber when there is an address. AWS mails it to be confirmed. */
export function createAlarmTopic(alarmEmail: string | undefined): aws.sns.Topic {
  const topic = new aws.sns.Topic("Alarms", { name: nameOf("alarms") });
  if (alarmEmail !== undefined) {
    new aws.sns.TopicSubscription("AlarmMail", { topic: topic.arn, protocol: "email", endpoint: alarmEmail });
  }
  return topic;
}

/** Makes every alarm; each tells a person what happened, and the topic when it is over. */
export function createAlarms(topic: aws.sns.Topic, watched: Watched): void {
  const create = (id: string, args: AlarmArgs) =>
    new aws.cloudwatch.MetricAlarm(`Alarm-${id}`, {
      name: nameOf(id),
      treatMissingData: "notBreaching",
      evaluationPeriods: 1,
      ...args,
      alarmActions: [topic.arn],
      okActions: [topic.arn],
    });
  for (const [id, args] of Object.entries(logAlarms())) create(id, args);
  for (const [id, args] of Object.entries(queueAlarms(watched))) create(id, args);
  for (const [id, args] of Object.entries(functionAlarms(watched))) create(id, args);
}

type AlarmArgs = Omit<aws.cloudwatch.MetricAlarmArgs, "evaluationPeriods"> & { evaluationPeriods?: number };

const FIVE_MINUTES = 300;
const HOUR = 3_600;

/** Anything at all within five minutes. */
const ANY = { comparisonOperator: "GreaterThanThreshold", threshold: 0, period: FIVE_MINUTES } as const;

function logAlarms(): Record<string, AlarmArgs> {
  const any = (metricName: LogMetricName, alarmDescription: string): AlarmArgs => ({
    ...ANY,
    namespace: metricNamespace(),
    metricName,
    statistic: "Sum",
    alarmDescription,
  });
  return {
    "stopped-account": any(
      "StoppedAccounts",
      "Mapillary refuses an account's credentials. Its photos wait; they go on by themselves when it has new ones.",
    ),
    // It is told of once a day: an alarm of five minutes would say every day that it is over. So it lasts for 25 hours.
    "token-not-refreshed": {
      ...any(
        "TokensNotRefreshed",
        "An account's token could not be looked at or refreshed today. As long as it holds nothing stops; the log " +
          "tells until when.",
      ),
      period: HOUR,
      evaluationPeriods: 25,
      datapointsToAlarm: 1,
    },
    "unknown-sequence": any(
      "UnknownSequences",
      "Whether a sequence was finished cannot be told. Look at Mapillary before anything is sent again.",
    ),
    "failed-photos": any("Failed", "Photos were given up; their rows tell why."),
    "unreadable-messages": any(
      "Unreadable",
      "Messages in the intake queue name no photo; the table keeps them as they were.",
    ),
  };
}

/**
 * Not drained within an hour: too many photos for the workers, or nothing runs. Messages that came three times and
 * wait, as those of a stopped account, are left out of the age by SQS.
 */
const OLD_MESSAGE_SECONDS = 3_600;

function queueAlarms({ intake, deadLetters }: Watched): Record<string, AlarmArgs> {
  const { name: QueueName } = deadLetters.nodes.queue;
  const ofDeadLetters = (id: string, metricName: string, stat: string) => ({
    id,
    metric: {
      namespace: "AWS/SQS",
      metricName,
      dimensions: { QueueName },
      stat,
      period: FIVE_MINUTES,
    },
  });
  return {
    // They are buried within seconds: one that is only counted while it waits might never be seen.
    "dead-letters": {
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      metricQueries: [
        ofDeadLetters("visible", "ApproximateNumberOfMessagesVisible", "Maximum"),
        ofDeadLetters("inFlight", "ApproximateNumberOfMessagesNotVisible", "Maximum"),
        ofDeadLetters("received", "NumberOfMessagesReceived", "Sum"),
        {
          id: "any",
          expression: "FILL(visible, 0) + FILL(inFlight, 0) + FILL(received, 0)",
          label: "dead letters",
          returnData: true,
        },
      ],
      alarmDescription:
        "Workers ended without a word over some message, again and again. Its photos' rows tell; look into the log.",
    },
    "old-messages": {
      namespace: "AWS/SQS",
      metricName: "ApproximateAgeOfOldestMessage",
      dimensions: { QueueName: intake.nodes.queue.name },
      statistic: "Maximum",
      comparisonOperator: "GreaterThanThreshold",
      threshold: OLD_MESSAGE_SECONDS,
      period: FIVE_MINUTES,
      evaluationPeriods: 3,
      alarmDescription:
        "New photos wait for more than an hour. More come than maxWorkers relay, or nothing runs.",
    },
  };
}

function functionAlarms({ functions, closeFunction }: Watched): Record<string, AlarmArgs> {
  const ofFunction = ({ name: FunctionName }: sst.aws.Function, metricName: string) => ({
    namespace: "AWS/Lambda",
    metricName,
    dimensions: { FunctionName },
    statistic: "Sum",
  });
  const errors = Object.entries(functions).map(
    ([name, fn]) =>
      [
        `${name}-errors`,
        {
          ...ANY,
          ...ofFunction(fn, "Errors"),
          alarmDescription: `The function ${name} threw, or ran out of time or memory. Its messages come back; look into the log.`,
        },
      ] as const,
  );
  return {
    ...Object.fromEntries(errors),
    "close-sequences-silent": {
      ...ofFunction(closeFunction, "Invocations"),
      comparisonOperator: "LessThanThreshold",
      threshold: 1,
      period: 3 * FIVE_MINUTES,
      treatMissingData: "breaching",
      alarmDescription: "Nobody closes sequences, and nothing is published. See the schedule.",
    },
  };
}
