/** Runs a function again and again. */
export function createSchedule(name: string, schedule: `rate(${string})`, fn: sst.aws.Function): void {
  const { accountId } = aws.getCallerIdentityOutput();
  new sst.aws.CronV2(name, {
    schedule,
    function: fn,
    transform: {
      role: (args) => {
        // Otherwise the scheduler could be had to use the role for somebody else's schedule.
        args.assumeRolePolicy = $jsonStringify({
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Principal: { Service: "scheduler.amazonaws.com" },
              Action: "sts:AssumeRole",
              Condition: { StringEquals: { "aws:SourceAccount": accountId } },
            },
          ],
        });
      },
    },
  });
}
