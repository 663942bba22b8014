/// A value that may hold secrets: printing, interpolating or dumping it shows the name of its type and nothing else.
protocol ContentsHidden: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension ContentsHidden {
    var description: String { "\(Self.self)(contents hidden)" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension AWSConfiguration: ContentsHidden {}
extension AWSConfigFile: ContentsHidden {}
extension AWSConfigFile.Section: ContentsHidden {}
extension EnvironmentCredentials: ContentsHidden {}
extension ProfileCredentials: ContentsHidden {}
extension AWSProfile: ContentsHidden {}
extension ContainerCredentials: ContentsHidden {}
extension ProcessCredentials: ContentsHidden {}
extension ChildProcess: ContentsHidden {}
