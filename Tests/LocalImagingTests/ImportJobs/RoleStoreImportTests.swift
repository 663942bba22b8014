import Testing

@testable import LocalImaging

@Suite("Roles that import jobs take")
struct RoleStoreImportTests {
    private static func policy(_ principal: String, effect: String = "Allow") -> String {
        #"{"Version":"2012-10-17","Statement":[{"Effect":"\#(effect)","Principal":\#(principal),"Action":"sts:AssumeRole"}]}"#
    }

    @Test("a stack's role must trust the service; a role that is not known here is taken as it is")
    func roles() throws {
        let temporary = try TemporaryStore()
        let roles = try RoleStore(opening: temporary.path)
        for (name, principal) in [
            ("good", #"{"Service":"medical-imaging.amazonaws.com"}"#),
            ("other", #"{"Service":"lambda.amazonaws.com"}"#),
        ] {
            _ = try roles.create(name, trustPolicy: Self.policy(principal), owner: "stack")
        }
        let arn = "arn:aws:iam::123456789012:role/"
        #expect(roles.importProblem(ofRoleARN: arn + "good") == nil)
        #expect(roles.importProblem(ofRoleARN: arn + "path/good") == nil)
        #expect(roles.importProblem(ofRoleARN: arn + "unknown") == nil)
        let problem = try #require(roles.importProblem(ofRoleARN: arn + "other"))
        #expect(problem.contains(arn + "other") && problem.contains("trust policy"))
    }

    @Test("of a trust policy the services count that it allows")
    func policies() {
        let service = #""medical-imaging.amazonaws.com""#
        #expect(RoleStore.allowsService(Self.policy(#"{"Service":[\#("\"x\""),\#(service)]}"#)))
        #expect(!RoleStore.allowsService(Self.policy(#"{"Service":\#(service)}"#, effect: "Deny")))
        #expect(!RoleStore.allowsService(Self.policy(#"{"AWS":\#(service)}"#)))
        #expect(!RoleStore.allowsService("{}") && !RoleStore.allowsService("no JSON"))
    }
}
