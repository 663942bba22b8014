import Foundation
import FrameEngine

/// Actions that tell of stacks. Everything is told in one answer: there are no further pages.
extension CloudFormationAPI {
    func describeStacks(_ call: QueryCall, to xml: inout XMLText) throws(QueryError) {
        let found: [StackRecord]
        if let name = call["StackName"], !name.isEmpty {
            found = [try stack(name)]
        } else {
            found = try stored { () throws(StoreError) in try engine.stacks.stacks() }.filter {
                !$0.isDeleted
            }
        }
        xml.group("Stacks") { xml in
            for stack in found { xml.group("member") { xml in write(stack, to: &xml) } }
        }
    }

    private func write(_ stack: StackRecord, to xml: inout XMLText) {
        xml.element("StackId", stack.arn)
        xml.element("StackName", stack.name)
        xml.element("Description", stack.description)
        xml.element("CreationTime", time(stack.createdAt))
        xml.element("DeletionTime", stack.deletedAt.map(time))
        xml.element("StackStatus", stack.status)
        xml.element("StackStatusReason", stack.reason)
        xml.element("DisableRollback", stack.onFailure == .nothing)
        xml.element("EnableTerminationProtection", stack.isProtected)
        xml.element("RoleARN", stack.roleARN)
        xml.group("NotificationARNs") { _ in }
        xml.group("Capabilities") { xml in
            for capability in stack.capabilities { xml.element("member", capability) }
        }
        xml.group("Parameters") { xml in
            for (key, value) in stack.parameters.sorted(by: { $0.key < $1.key }) {
                xml.group("member") { xml in
                    xml.element("ParameterKey", key)
                    xml.element("ParameterValue", stack.hidden.contains(key) ? "****" : value)
                }
            }
        }
        xml.group("Outputs") { xml in
            for output in stack.outputs {
                xml.group("member") { xml in
                    xml.element("OutputKey", output.key)
                    xml.element("OutputValue", output.value)
                    xml.element("Description", output.description)
                    xml.element("ExportName", output.exportName)
                }
            }
        }
        xml.group("Tags") { xml in
            for (key, value) in stack.tags.sorted(by: { $0.key < $1.key }) {
                xml.group("member") { xml in
                    xml.element("Key", key)
                    xml.element("Value", value)
                }
            }
        }
        xml.group("DriftInformation") { xml in xml.element("StackDriftStatus", "NOT_CHECKED") }
    }

    func describeEvents(_ call: QueryCall, to xml: inout XMLText) throws(QueryError) {
        let stack = try stack(call.required("StackName"))
        xml.group("StackEvents") { xml in
            for event in stack.events.reversed() {
                xml.group("member") { xml in
                    xml.element("StackId", stack.arn)
                    xml.element("EventId", event.id)
                    xml.element("StackName", stack.name)
                    xml.element("LogicalResourceId", event.logicalID)
                    xml.element("PhysicalResourceId", event.physicalID ?? "")
                    xml.element("ResourceType", event.type)
                    xml.element("Timestamp", time(event.time))
                    xml.element("ResourceStatus", event.status)
                    xml.element("ResourceStatusReason", event.reason)
                }
            }
        }
    }

    func describeResources(_ call: QueryCall, to xml: inout XMLText) throws(QueryError) {
        let stack = try stack(call.required("StackName"))
        let wanted = call["LogicalResourceId"]
        xml.group("StackResources") { xml in
            for resource in stack.resources where wanted == nil || wanted == resource.logicalID {
                xml.group("member") { xml in
                    xml.element("StackName", stack.name)
                    xml.element("StackId", stack.arn)
                    write(resource, timeName: "Timestamp", to: &xml)
                }
            }
        }
    }

    func listResources(_ call: QueryCall, to xml: inout XMLText) throws(QueryError) {
        let stack = try stack(call.required("StackName"))
        xml.group("StackResourceSummaries") { xml in
            for resource in stack.resources {
                xml.group("member") { xml in write(resource, timeName: "LastUpdatedTimestamp", to: &xml) }
            }
        }
    }

    private func write(_ resource: StackRecord.Resource, timeName: String, to xml: inout XMLText) {
        xml.element("LogicalResourceId", resource.logicalID)
        xml.element("PhysicalResourceId", resource.physicalID)
        xml.element("ResourceType", resource.type)
        xml.element(timeName, time(resource.changedAt))
        xml.element("ResourceStatus", resource.status)
        xml.element("ResourceStatusReason", resource.reason)
        xml.group("DriftInformation") { xml in xml.element("StackResourceDriftStatus", "NOT_CHECKED") }
    }

    func listStacks(_ call: QueryCall, to xml: inout XMLText) throws(QueryError) {
        let wanted = Set(call.list("StackStatusFilter"))
        let found = try stored { () throws(StoreError) in try engine.stacks.stacks() }
            .filter { wanted.isEmpty || wanted.contains($0.status) }
        xml.group("StackSummaries") { xml in
            for stack in found {
                xml.group("member") { xml in
                    xml.element("StackId", stack.arn)
                    xml.element("StackName", stack.name)
                    xml.element("TemplateDescription", stack.description)
                    xml.element("CreationTime", time(stack.createdAt))
                    xml.element("DeletionTime", stack.deletedAt.map(time))
                    xml.element("StackStatus", stack.status)
                    xml.element("StackStatusReason", stack.reason)
                    xml.group("DriftInformation") { xml in xml.element("StackDriftStatus", "NOT_CHECKED") }
                }
            }
        }
    }

    private func time(_ seconds: Double) -> String { WireDates.iso8601(Date(timeIntervalSince1970: seconds)) }
}
