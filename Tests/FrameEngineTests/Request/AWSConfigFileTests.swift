import Testing

@testable import FrameEngine

@Suite("AWS config files")
struct AWSConfigFileTests {
    @Test("have sections, comments, values with equals signs, blocks and continued values")
    func reads() throws {
        let file = try AWSConfigFile(
            parsing: """
                # comment
                ; comment
                [default]
                Region=us-east-1
                key = a=b==   # trailing comment
                hash = a#b;c
                empty =

                [ profile   "my profile" ]
                s3 =
                    max_concurrent_requests = 20
                    # inside
                    addressing_style = path
                region\t=\teu-west-1
                long = one
                  two
                [sso-session x]
                sso_region = us-west-2
                [default]
                output = json
                region = us-west-2\r\n[last]\r\na = b\r
                """, path: "config")
        #expect(
            file.sections["default"]?.values == [
                "region": "us-west-2", "key": "a=b==", "hash": "a#b;c", "empty": "", "output": "json",
            ])
        let profile = try #require(file.sections["profile my profile"])
        #expect(profile.blocks["s3"] == ["max_concurrent_requests": "20", "addressing_style": "path"])
        #expect(profile.values["region"] == "eu-west-1")
        #expect(profile.values["long"] == "one\ntwo")
        #expect(file.sections["sso-session x"]?.values["sso_region"] == "us-west-2")
        #expect(file.sections["last"]?.values == ["a": "b"])
    }

    @Test("have values at any indent, colons for equals signs, and commands with anything in quotes")
    func readsAsTheToolsDo() throws {
        let file = try AWSConfigFile(
            parsing: """
                [profile a]
                \taws_access_key_id\t=\tKEY
                \taws_secret_access_key = SECRET
                \t\tgoes on
                 region: eu-west-1
                endpoint_url = http://h:1/
                credential_process = sh -c 'echo "a # b" ; true' # trailing comment
                """, path: "config")
        #expect(
            file.sections["profile a"]?.values == [
                "aws_access_key_id": "KEY", "aws_secret_access_key": "SECRET\ngoes on", "region": "eu-west-1",
                "endpoint_url": "http://h:1/",
                "credential_process": "sh -c 'echo \"a # b\" ; true'",
            ])
    }

    @Test(
        "that are malformed name the file and the line, and never quote it",
        arguments: [
            ("a = b", 1), ("[default]\nSECRET", 2), ("[default]\n\n[open", 3), ("[default]\n= SECRET", 2),
        ])
    func malformed(text: String, line: Int) {
        let error = #expect(throws: SettingsError.self) { try AWSConfigFile(parsing: text, path: "f") }
        #expect(error?.reason == .configurationFile)
        #expect(error?.message.contains("f, line \(line)") == true)
        #expect(error?.message.contains("SECRET") == false)
    }
}
