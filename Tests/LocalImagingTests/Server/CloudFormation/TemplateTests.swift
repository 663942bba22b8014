import Testing

@testable import LocalImaging

@Suite("Templates")
struct TemplateTests {
    @Test("short and long spelling of functions, JSON and YAML, mean the same")
    func spellings() throws {
        let yaml = "a: !Ref X\nb: !GetAtt X.Y.Z\nc: !Sub 'n ${X}'\nd: [1, true, !Join ['', [x]]]\n"
        let json = """
            {"a": {"Ref": "X"}, "b": {"Fn::GetAtt": ["X", "Y.Z"]}, "c": {"Fn::Sub": "n ${X}"},
             "d": [1, true, {"Fn::Join": ["", ["x"]]}]}
            """
        #expect(try TemplateValue(parsing: yaml) == TemplateValue(parsing: json))
        #expect(try TemplateValue(parsing: yaml).references == ["X"])
    }

    @Test("variables of Fn::Sub are found, and a literal is none")
    func substitution() {
        #expect(Substitution.names(in: "${A} ${B.C}${!D} $ {E} ${ F }") == ["A", "B.C", "F"])
        #expect(Substitution.names(in: "${A") == [])
        #expect(Substitution.names(in: "") == [])
    }

    @Test("resources are made behind what they refer to, by whatever function")
    func order() throws {
        let template = try Template(
            parsing: """
                Parameters: {P: {Type: String, Default: x}}
                Resources:
                  A: {Type: "AWS::S3::Bucket", Properties: {BucketName: !Sub "${B}-${P}-${AWS::Region}"}}
                  B: {Type: "AWS::S3::Bucket", Properties: {BucketName: !Join ["-", [!Ref P, !GetAtt C.Arn]]}}
                  C: {Type: "AWS::S3::Bucket", DependsOn: [D]}
                  D: {Type: "AWS::S3::Bucket", Properties: {Tags: !If [X, !Ref E, !Ref "AWS::NoValue"]}}
                  E: {Type: "AWS::S3::Bucket"}
                """)
        #expect(template.order == ["E", "D", "C", "B", "A"])
    }

    @Test(
        "a parameter matches its pattern as a whole", arguments: [("ab", true), ("aba", false), ("", false)])
    func pattern(value: String, isAllowed: Bool) throws {
        let template = try Self.template(pattern: "a|ab|b+")
        #expect((try? template.values(given: ["P": value])) == (isAllowed ? ["P": value] : nil))
    }

    @Test("a pattern that would try out for ever is given up", .timeLimit(.minutes(1)))
    func endlessPattern() throws {
        let template = try Self.template(pattern: "(a+)+b")
        #expect(throws: QueryError.self) {
            try template.values(given: ["P": String(repeating: "a", count: 64)])
        }
    }

    private static func template(pattern: String) throws -> Template {
        try Template(
            parsing: """
                Parameters: {P: {Type: String, AllowedPattern: '\(pattern)'}}
                Resources: {A: {Type: "AWS::S3::Bucket"}}
                """)
    }

    @Test("no beginning of a template, and no change of one byte in it, does harm")
    func mutations() throws {
        let text = """
            Resources:
              A: {Type: "AWS::S3::Bucket", Properties: {Tags: [{Key: k, Value: !Sub "${B}"}]}}
              B:
                Type: AWS::IAM::Role
                Properties: {AssumeRolePolicyDocument: {Statement: []}}
            """
        let bytes = Array(text.utf8)
        var read = 0
        for count in 0...bytes.count {
            if (try? Template(parsing: String(decoding: bytes.prefix(count), as: UTF8.self))) != nil {
                read += 1
            }
        }
        for index in bytes.indices {
            for value in Array("{[}]:&*!'\"-\n\0".utf8) {
                var changed = bytes
                changed[index] = value
                if (try? Template(parsing: String(decoding: changed, as: UTF8.self))) != nil { read += 1 }
            }
        }
        #expect(read > 0)
        #expect(try Template(parsing: text).capability == "CAPABILITY_IAM")
    }
}
