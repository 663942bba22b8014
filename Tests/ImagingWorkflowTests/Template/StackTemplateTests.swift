import Foundation
import Testing

@testable import ImagingWorkflow

@Suite struct StackTemplateTests {
    @Test("The template in the program is the file in the repository, and small enough to be sent inline")
    func embedded() throws {
        let here = URL(fileURLWithPath: #filePath)
        let root = here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appendingPathComponent("Sources/ImagingWorkflow/Template/healthimaging.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(StackTemplate.healthImaging == text)
        #expect((1...51_200).contains(text.utf8.count))
    }

    @Test("It has the parameters and outputs that the steps name")
    func names() {
        let text = StackTemplate.healthImaging
        for name in [
            "datastoreName", "userAccountID", "InputBucketName", "OutputBucketName", "RoleArn", "DatastoreID",
        ] {
            #expect(text.contains("\n  \(name):\n"))
        }
        #expect(StackTemplate.Parameter.datastoreName == "datastoreName")
        #expect(StackTemplate.Parameter.accountID == "userAccountID")
    }
}
