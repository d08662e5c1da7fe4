/** What AWS charges, in US dollars: us-east-1, arm64, on demand, without free tiers and discounts. */

/** The day on which all of this was put down. */
export const PRICES_DATE = "2026-11-22";

/** The region whose prices these are. */
export const PRICES_REGION = "us-east-1";

/** One price, and how far it can be trusted. */
export interface Price {
  readonly usd: number;
  /** What one of it is. GB are 2^30 bytes. */
  readonly per: string;
  /** AWS's own page, where it is to be checked. */
  readonly page: string;
  /** Where it was read, and of when that is. */
  readonly seen: string;
}

/** A price that falls with the month's volume. */
export interface Tier {
  /** It holds up to so many GB a month. */
  readonly upToGb: number;
  readonly usdPerGb: number;
}

const LAMBDA = "aws.amazon.com/lambda/pricing";
const S3 = "aws.amazon.com/s3/pricing";
const DYNAMODB = "aws.amazon.com/dynamodb/pricing/on-demand";
const CLOUDWATCH = "aws.amazon.com/cloudwatch/pricing";
const EC2 = "aws.amazon.com/ec2/pricing/on-demand";
const VPC = "aws.amazon.com/vpc/pricing";

/** Every price but that of the internet, by name: what `--price` takes. */
export const PRICES = {
  lambdaGbSecond: {
    usd: 0.0000133334,
    per: "GB-second",
    page: LAMBDA,
    seen: "cloudchipr.com/blog/aws-lambda-pricing, 2024",
  },
  lambdaInvocation: {
    usd: 0.2e-6,
    per: "invocation",
    page: LAMBDA,
    seen: "git.mcrn.ar/mariano/lambda_local_runner, docs/lambdas-md/lambda-13-cost.md, undated",
  },
  s3Get: {
    usd: 0.0004 / 1_000,
    per: "GET",
    page: S3,
    seen: "awsi.click/en/articles/s3-request-pricing-get-put-difference, undated",
  },
  s3Put: {
    usd: 0.005 / 1_000,
    per: "PUT",
    page: S3,
    seen: "awsi.click/en/articles/s3-request-pricing-get-put-difference, undated",
  },
  s3GbMonth: {
    usd: 0.023,
    per: "GB-month, first 50 TB",
    page: S3,
    seen: "deepeshsoni.com/archives/256, undated",
  },
  sqsRequest: {
    usd: 0.4e-6,
    per: "request of up to 64 KB",
    page: "aws.amazon.com/sqs/pricing",
    seen: "cloudburn.io/blog/amazon-sqs-pricing, March 2026",
  },
  dynamoWriteUnit: {
    usd: 0.625e-6,
    per: "write unit",
    page: DYNAMODB,
    seen: "airbyte.com/data-engineering-resources/dynamodb-pricing, July 2025",
  },
  dynamoReadUnit: {
    usd: 0.125e-6,
    per: "read unit",
    page: DYNAMODB,
    seen: "airbyte.com/data-engineering-resources/dynamodb-pricing, July 2025",
  },
  dynamoGbMonth: {
    usd: 0.25,
    per: "GB-month",
    page: DYNAMODB,
    seen: "aws.amazon.com/dynamodb/pricing, undated copy",
  },
  dynamoBackupGbMonth: {
    usd: 0.2,
    per: "GB-month of point-in-time recovery",
    page: DYNAMODB,
    seen: "finops.com.py/services/dynamodb/backups, undated",
  },
  logsGb: {
    usd: 0.5,
    per: "GB taken in, first 10 TB",
    page: CLOUDWATCH,
    seen: "hykell.com/kb/platform-specific-guides/aws-cloudwatch-logs-pricing, undated",
  },
  logsGbMonth: {
    usd: 0.03,
    per: "GB-month",
    page: CLOUDWATCH,
    seen: "hykell.com/kb/platform-specific-guides/aws-cloudwatch-logs-pricing, undated",
  },
  metricMonth: {
    usd: 0.3,
    per: "custom metric and month",
    page: CLOUDWATCH,
    seen: "signoz.io/guides/cloudwatch-pricing, February 2026",
  },
  alarmMonth: {
    usd: 0.1,
    per: "alarm and month",
    page: CLOUDWATCH,
    seen: "c3x.dev/resources/aws/aws_cloudwatch_metric_alarm, undated",
  },
  dashboardMonth: {
    usd: 3,
    per: "dashboard and month",
    page: CLOUDWATCH,
    seen: "factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards, June 2026",
  },
  scheduledInvocation: {
    usd: 1e-6,
    per: "scheduled invocation",
    page: "aws.amazon.com/eventbridge/pricing",
    seen: "cloudburn.io/blog/amazon-eventbridge-pricing, March 2026",
  },
  otherRegionGb: {
    usd: 0.02,
    per: "GB to another region",
    page: EC2,
    seen: "cloudroutehq.com/blog/cloud-egress-costs-explained, 2026",
  },
  natGb: {
    usd: 0.045,
    per: "GB through a NAT gateway",
    page: VPC,
    seen: "leanopstech.com/blog/aws-data-transfer-pricing-2026, April 2026",
  },
  natHour: {
    usd: 0.045,
    per: "NAT gateway and hour",
    page: VPC,
    seen: "leanopstech.com/blog/aws-data-transfer-pricing-2026, April 2026",
  },
} as const satisfies Readonly<Record<string, Price>>;

/** Name of a price in {@link PRICES}. */
export type PriceName = keyof typeof PRICES;

/** US dollars by name. */
export type PriceList = Readonly<Record<PriceName, number>>;

/** What the tiers of {@link INTERNET_TIERS} were read from. */
export const INTERNET_SEEN = "leanopstech.com/blog/aws-data-transfer-pricing-2026, April 2026";

/** Out to the internet, by the month's volume; AWS's page is that of EC2. The first 100 GB a month, free, are left out. */
export const INTERNET_TIERS: readonly Tier[] = [
  { upToGb: 10 * 2 ** 10, usdPerGb: 0.09 },
  { upToGb: 50 * 2 ** 10, usdPerGb: 0.085 },
  { upToGb: 150 * 2 ** 10, usdPerGb: 0.07 },
  { upToGb: Number.POSITIVE_INFINITY, usdPerGb: 0.05 },
];

/** The prices, some of them replaced: those of another region, say. */
export function priceList(replaced: Partial<PriceList> = {}): PriceList {
  const names = Object.keys(PRICES) as PriceName[];
  return Object.fromEntries(names.map((name) => [name, replaced[name] ?? PRICES[name].usd])) as PriceList;
}

/** What a month's volume costs when each tier takes its part of it. */
export function tieredUsd(gb: number, tiers: readonly Tier[]): number {
  let usd = 0;
  let from = 0;
  for (const { upToGb, usdPerGb } of tiers) {
    usd += Math.max(0, Math.min(gb, upToGb) - from) * usdPerGb;
    from = upToGb;
  }
  return usd;
}
