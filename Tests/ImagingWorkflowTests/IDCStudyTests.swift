import ImagingWorkflow
import Testing

@Suite("The public studies")
struct IDCStudyTests {
    @Test("each study's title says how many images it has, and no two share a folder")
    func titlesAndFolders() {
        for study in IDCStudy.all {
            #expect(study.title.hasSuffix("(\(study.instanceCount) images)"))
        }
        #expect(Set(IDCStudy.all.map(\.folder)).count == IDCStudy.all.count)
    }
}
