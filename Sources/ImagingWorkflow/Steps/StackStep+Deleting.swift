import Foundation
import FrameEngine

extension StackStep {
    /// What deleting a stack came to.
    package struct Deleted: Hashable, Sendable {
        /// False where there was no such stack: nothing was left to do.
        package let existed: Bool
        /// Versions of objects and delete markers that were in the stack's buckets.
        package let objects: Int
    }

    /// Empties the stack's buckets, in all versions, deletes the stack, and waits until it is gone.
    ///
    /// A stack that is gone already is a success. Image sets must be gone before: a data store that holds any is not
    /// deleted, and the error says so.
    ///
    /// - Parameter nameOrID: by its ARN a stack is told from a later one of the same name.
    package func delete(
        _ nameOrID: String, token: String = UUID().uuidString, report: @escaping Report = { _ in }
    ) async throws -> Deleted {
        guard let stack = try await find(nameOrID), stack.status != "DELETE_COMPLETE" else {
            return Deleted(existed: false, objects: 0)
        }
        // Whatever happened before is no news.
        let known = try await newestEvent(of: stack.id)
        var objects = 0
        if stack.status != "DELETE_IN_PROGRESS" {
            let emptying = EmptyBucketStep(s3: s3)
            for bucket in try await buckets(of: stack) {
                objects += try await emptying.empty(bucket) { deleted in
                    report(.emptied(bucket: bucket, deleted: deleted))
                }
            }
            try await cloudFormation.deleteStack(stack.id, token: token)
        }
        let left = try await settled(
            stack.id, name: stack.name, doing: "deleted", after: known, report: report)
        guard let left, left.status != "DELETE_COMPLETE" else {
            return Deleted(existed: true, objects: objects)
        }
        throw StepError(
            .service,
            "stack '\(stack.name)' is \(left.status): \(try await failureReasons(of: left)); remove the cause and delete it "
                + "again")
    }

    /// The buckets that the stack itself made and still has.
    ///
    /// Its events name them beyond doubt; a stack whose events are gone, after 90 days, is believed what its outputs say.
    private func buckets(of stack: CloudFormationStack) async throws -> [String] {
        let events = try await cloudFormation.stackEvents(of: stack.id) { _ in false }
        let ofBuckets = events.filter { $0.resourceType == "AWS::S3::Bucket" && $0.physicalID != nil }
        if ofBuckets.isEmpty { return (try? StackOutputs(stack))?.buckets ?? [] }
        var seen: Set<String> = []
        // The newest event of each comes first.
        return ofBuckets.filter { seen.insert($0.logicalID).inserted && $0.status != "DELETE_COMPLETE" }
            .compactMap(\.physicalID).reversed()
    }
}
