import ImagingWorkflow
import Testing

@testable import LocalImaging

@Suite("The public studies and their stand-ins")
struct PublicStudiesTests {
    @Test("the built-in bucket has the studies that the guided workflow offers, with as many instances")
    func studies() {
        #expect(IDCBucket.name == IDCStudy.bucket)
        #expect(IDCSeries.all.map(\.folder) == IDCStudy.all.map(\.folder))
        #expect(IDCSeries.all.map(\.instanceCount) == IDCStudy.all.map(\.instanceCount))
    }
}
