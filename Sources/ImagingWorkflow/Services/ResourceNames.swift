/// What the services allow as names and ids of their resources: checked before a text from a person, a file or a service
/// goes into a request, a path or a command.
package enum ResourceNames {
    /// HealthImaging's rule: 1 to 256 of letters, digits and `._/#-`.
    package static func isDatastoreName(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || "._/#-".utf8.contains($0) }
    }

    /// S3's rule for new buckets, and old ones with capital letters and underscores.
    package static func isBucketName(_ text: String) -> Bool {
        (3...255).contains(text.utf8.count)
            && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || "._-".utf8.contains($0) }
            && text.first != "."
    }

    /// `arn:aws:iam::123456789012:role/name`, of any partition.
    package static func isRoleARN(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        return (20...2048).contains(text.utf8.count) && parts.count == 6 && parts[0] == "arn"
            && parts[1].hasPrefix("aws") && parts[2] == "iam" && parts[5].hasPrefix("role/")
            && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    /// HealthImaging's rule: 1 to 32 of `0-9a-z`.
    package static func isJobID(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
    }

    /// CloudFormation's rule: 1 to 128 letters, digits and hyphens, the first a letter.
    package static func isStackName(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8.first.map(isLetter) == true
            && text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
