import Dispatch
import Foundation
import FrameEngine

/// Makes and deletes stacks, one step after the other, each on the disk before the next: what a kill interrupts goes on
/// when a server is started again. Any thread; several processes.
struct StackEngine: Sendable {
    let stacks: StackStore
    let resources: StackResources
    /// Told of what fails through no fault of a template: one line.
    var onFailure: @Sendable (String) -> Void = { _ in }

    /// Works on a stack on a thread of its own until it is in a final state.
    func start(_ uuid: String) {
        DispatchQueue.global(qos: .userInitiated).async {
            do throws(StoreError) {
                try work(on: uuid)
            } catch {
                // Its state on the disk says how far it came; the next start goes on from there.
                onFailure("stack \(uuid): \(error.message)")
            }
        }
    }

    /// Goes on with what a kill interrupted.
    func resume() {
        for stack in (try? stacks.stacks()) ?? [] where stack.isInProgress { start(stack.uuid) }
    }

    /// Brings a stack into a final state.
    func work(on uuid: String) throws(StoreError) {
        try stacks.working(on: uuid) { () throws(StoreError) in
            while let stack = try stacks.read(uuid), stack.isInProgress {
                switch stack.status {
                case "CREATE_IN_PROGRESS": try create(stack)
                case "ROLLBACK_IN_PROGRESS": try remove(stack, to: "ROLLBACK_COMPLETE", or: "ROLLBACK_FAILED")
                case "DELETE_IN_PROGRESS": try remove(stack, to: "DELETE_COMPLETE", or: "DELETE_FAILED")
                default: return
                }
            }
        }
    }

    // MARK: Creation

    private func create(_ stack: StackRecord) throws(StoreError) {
        let scope: TemplateScope
        do throws(QueryError) {
            scope = try self.scope(of: stack)
        } catch {
            return try fail(stack, [], error.message)
        }
        for logicalID in scope.template.order {
            guard let now = try stacks.read(stack.uuid), now.status == "CREATE_IN_PROGRESS" else { return }
            guard now.resources.first(where: { $0.logicalID == logicalID })?.status != "CREATE_COMPLETE"
            else {
                continue
            }
            guard try create(logicalID, of: now, scope) else { return }
        }
        guard let now = try stacks.read(stack.uuid) else { return }
        let outputs: [StackRecord.Output]
        do throws(QueryError) {
            outputs = try self.outputs(of: now, scope)
        } catch {
            return try fail(stack, [], error.message)
        }
        try stacks.update(stack.uuid) { stack in
            guard stack.status == "CREATE_IN_PROGRESS" else { return }
            stack.outputs = outputs
            stack.enter("CREATE_COMPLETE")
        }
    }

    /// Makes one resource. False where that failed, and the stack has been told.
    private func create(
        _ logicalID: String, of stack: StackRecord, _ scope: TemplateScope
    ) throws(StoreError) -> Bool {
        guard let wanted = scope.template.resources[logicalID], let kind = ResourceKind(rawValue: wanted.type)
        else { return true }
        var scope = scope
        for resource in stack.resources { scope.made[resource.logicalID] = resource }
        let made: StackResources.Made
        do {
            if let condition = wanted.condition, try !scope.holds(condition: condition) { return true }
            if !stack.resources.contains(where: { $0.logicalID == logicalID }) {
                try stacks.update(stack.uuid) { $0.set(logicalID, type: wanted.type, "CREATE_IN_PROGRESS") }
            }
            guard let properties = try scope.value(wanted.properties)?.map else {
                throw StackResources.Failure("Properties must be a map")
            }
            made = try resources.make(kind, logicalID, of: stack, properties)
        } catch {
            if let error = error as? StoreError { throw error }
            let reason =
                (error as? StackResources.Failure)?.reason ?? (error as? QueryError)?.message ?? "\(error)"
            try stacks.update(stack.uuid) {
                $0.set(logicalID, type: wanted.type, "CREATE_FAILED", reason: reason)
            }
            try fail(stack, [logicalID], nil)
            return false
        }
        try stacks.update(stack.uuid) {
            $0.set(
                logicalID, type: wanted.type, "CREATE_COMPLETE", physicalID: made.physicalID,
                attributes: made.attributes)
        }
        return true
    }

    /// What becomes of a stack that cannot be made.
    private func fail(_ stack: StackRecord, _ failed: [String], _ reason: String?) throws(StoreError) {
        let reason =
            reason ?? "The following resource(s) failed to create: [\(failed.joined(separator: ", "))]. "
        try stacks.update(stack.uuid) { stack in
            guard stack.status == "CREATE_IN_PROGRESS" else { return }
            switch stack.onFailure {
            case .rollBack:
                stack.enter("ROLLBACK_IN_PROGRESS", reason: reason + "Rollback requested by user.")
            case .delete: stack.enter("DELETE_IN_PROGRESS", reason: reason + "Delete requested by user.")
            case .nothing: stack.enter("CREATE_FAILED", reason: reason)
            }
        }
    }

    private func scope(of stack: StackRecord) throws(QueryError) -> TemplateScope {
        TemplateScope(
            template: try Template(parsing: stack.template), parameters: stack.parameters,
            pseudoParameters: [
                "AWS::AccountId": resources.accountID, "AWS::Region": resources.region,
                "AWS::Partition": "aws",
                "AWS::StackName": stack.name, "AWS::StackId": stack.arn, "AWS::URLSuffix": "amazonaws.com",
            ])
    }

    private func outputs(of stack: StackRecord, _ scope: TemplateScope) throws(QueryError) -> [StackRecord
        .Output]
    {
        var scope = scope
        for resource in stack.resources { scope.made[resource.logicalID] = resource }
        var outputs: [StackRecord.Output] = []
        for (key, output) in scope.template.outputs.sorted(by: { $0.key < $1.key }) {
            if let condition = output.condition, try !scope.holds(condition: condition) { continue }
            var exportName: String?
            if let name = output.exportName { exportName = try scope.text(name) }
            outputs.append(
                StackRecord.Output(
                    key: key, value: try scope.text(output.value), description: output.description,
                    exportName: exportName))
        }
        return outputs
    }

    // MARK: Deletion

    /// Deletes the resources of a stack, the last made first.
    private func remove(_ stack: StackRecord, to end: String, or failure: String) throws(StoreError) {
        let template = try? Template(parsing: stack.template)
        var failed: [String] = []
        for resource in stack.resources.reversed() where resource.status != "DELETE_COMPLETE" {
            guard resource.status != "DELETE_SKIPPED", let kind = ResourceKind(rawValue: resource.type) else {
                continue
            }
            let (id, type) = (resource.logicalID, resource.type)
            // A kill between the making of a resource and the note of it: whose it is tells where it is.
            var physicalID = resource.physicalID
            if physicalID == nil, resource.status == "CREATE_IN_PROGRESS" {
                physicalID = found(resource, of: stack, kind)
            }
            let isRolledBack = end == "ROLLBACK_COMPLETE"
            if !isRolledBack, template?.resources[id]?.isRetained == true || stack.retained.contains(id) {
                try stacks.update(stack.uuid) { $0.set(id, type: type, "DELETE_SKIPPED") }
                continue
            }
            if let physicalID {
                try stacks.update(stack.uuid) { $0.set(id, type: type, "DELETE_IN_PROGRESS") }
                do throws(StackResources.Failure) {
                    try resources.delete(kind, physicalID)
                } catch {
                    failed.append(id)
                    let reason = error.reason
                    try stacks.update(stack.uuid) { $0.set(id, type: type, "DELETE_FAILED", reason: reason) }
                    continue
                }
            }
            try stacks.update(stack.uuid) { $0.set(id, type: type, "DELETE_COMPLETE") }
        }
        let names = failed.joined(separator: ", ")
        try stacks.update(stack.uuid) { stack in
            if names.isEmpty {
                stack.enter(end)
                if end == "DELETE_COMPLETE" { stack.deletedAt = BucketRecord.now().timeIntervalSince1970 }
            } else {
                stack.enter(failure, reason: "The following resource(s) failed to delete: [\(names)]. ")
            }
        }
    }

    /// The physical id of a resource that was perhaps made and not noted.
    private func found(_ resource: StackRecord.Resource, of stack: StackRecord, _ kind: ResourceKind)
        -> String?
    {
        let token = StackResources.token(resource.logicalID, of: stack)
        switch kind {
        case .datastore:
            return (try? resources.store.datastores())?.first { $0.clientToken == token }?.id.description
        case .bucket: return (try? resources.buckets.own.buckets())?.first { $0.owner == token }?.name
        case .bucketPolicy: return nil
        case .role: return (try? resources.roles.roles())?.first { $0.owner == token }?.name
        }
    }
}
