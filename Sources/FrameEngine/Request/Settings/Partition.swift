/// A group of regions with its own domain names (botocore's partitions.json).
struct Partition {
    let suffix: String
    let dualStackSuffix: String

    init(of region: String) {
        let known: [(prefix: String, suffix: String, dualStack: String)] = [
            ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
            ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
            ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
            ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
            ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
            ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
        ]
        let match = known.first { region.hasPrefix($0.prefix) }
        suffix = match?.suffix ?? "amazonaws.com"
        dualStackSuffix = match?.dualStack ?? "api.aws"
    }
}
