import Testing

@testable import FrameEngine

@Suite("Permissions that are missing")
struct DenialJudgeTests {
    private let denial = ServiceError(
        operation: "GetImageFrame", status: 403, awsCode: "AccessDeniedException", message: "no",
        kind: .credentials)

    @Test("who is denied everything is not told so for every frame")
    func everything() {
        var judge = DenialJudge()
        let answers = (0..<16).map { _ in judge.note(denial) }
        #expect(answers == Array(repeating: false, count: 15) + [true])
        #expect(judge.totalDenial != nil)
    }

    @Test("denials among what is permitted end nothing")
    func some() {
        var judge = DenialJudge()
        for _ in 0..<5_000 {
            judge.notePermitted()
            let ends = judge.note(denial)
            #expect(!ends)
        }
        #expect(judge.totalDenial == nil)
    }

    @Test("a permission that is taken away in the middle of a run ends it")
    func withdrawn() {
        var judge = DenialJudge()
        judge.notePermitted()
        let answers = (0..<1_000).map { _ in judge.note(denial) }
        #expect(answers.firstIndex(of: true) == 999)
    }

    @Test("an expired token and a wrong signature are no denials")
    func others() {
        for code in ["ExpiredTokenException", "InvalidSignatureException", "UnrecognizedClientException"] {
            let error = ServiceError(
                operation: "GetImageFrame", status: 403, awsCode: code, message: "no", kind: .credentials)
            #expect(!error.isDenial)
        }
        #expect(denial.isDenial)
    }
}
