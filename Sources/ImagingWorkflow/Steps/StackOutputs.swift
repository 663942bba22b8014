import FrameEngine

/// What a stack made for the workflow. The values are the stack's own, and unchecked.
package struct StackOutputs: Hashable, Sendable {
    package let inputBucket: String
    /// The same as `inputBucket` in stacks of older templates, which make one bucket for both.
    package let outputBucket: String
    package let roleARN: String
    package let datastoreID: String

    /// Both buckets, once each, the input's first.
    package var buckets: [String] {
        inputBucket == outputBucket ? [inputBucket] : [inputBucket, outputBucket]
    }

    /// - Throws: `StepError` that names the outputs that are missing.
    package init(_ stack: CloudFormationStack) throws(StepError) {
        let outputs = stack.outputs.filter { !$0.value.isEmpty }
        let input = outputs["InputBucketName"] ?? outputs["BucketName"]
        let output = outputs["OutputBucketName"] ?? outputs["BucketName"]
        let role = outputs["RoleArn"]
        let datastore = outputs["DatastoreID"]
        let missing = [
            ("InputBucketName", input), ("OutputBucketName", output), ("RoleArn", role),
            ("DatastoreID", datastore),
        ].filter { $0.1 == nil }.map(\.0)
        guard let input, let output, let role, let datastore else {
            throw StepError(
                .notFound,
                "stack '\(stack.name)' (\(stack.status)) has no output \(missing.joined(separator: ", ")): it was not made "
                    + "from this program's template, or is not complete")
        }
        inputBucket = input
        outputBucket = output
        roleARN = role
        datastoreID = datastore
    }
}
