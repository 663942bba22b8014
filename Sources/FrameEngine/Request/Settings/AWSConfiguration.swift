import Foundation

/// The environment and the two `~/.aws` files, with one profile chosen.
struct AWSConfiguration: Sendable {
    let environment: [String: String]
    /// The chosen profile's name.
    let profileName: String
    /// Whether an option named the profile, which puts it before keys in the environment.
    let profileIsFromOption: Bool
    /// The profile's section of the credentials file, and of the config file; nil where it has none.
    let credentialsSection: AWSConfigFile.Section?
    let configSection: AWSConfigFile.Section?
    private let services: AWSConfigFile.Section?
    private let configFile: AWSConfigFile
    private let credentialsFile: AWSConfigFile

    /// - Throws: `SettingsError` for files that exist and cannot be read, and for a named profile that is nowhere.
    init(profile: String?, environment: [String: String]) throws(SettingsError) {
        self.environment = environment
        let named =
            profile ?? Self.value("AWS_PROFILE", environment)
            ?? Self.value("AWS_DEFAULT_PROFILE", environment)
        let name = named ?? "default"
        let config = try Self.file("AWS_CONFIG_FILE", default: "config", environment)
        let credentials = try Self.file("AWS_SHARED_CREDENTIALS_FILE", default: "credentials", environment)
        configFile = config
        credentialsFile = credentials
        profileName = name
        profileIsFromOption = profile != nil
        configSection = Self.section(of: name, in: config)
        credentialsSection = credentials.sections[name]
        services = (configSection?.values["services"]).flatMap { config.sections["services \($0)"] }
        if named != nil, configSection == nil, credentialsSection == nil {
            let names =
                config.sections.keys.filter { $0.hasPrefix("profile ") }.map { String($0.dropFirst(8)) }
                + config.sections.keys.filter { $0 == "default" } + credentials.sections.keys
            let known = Set(names).sorted().joined(separator: ", ")
            throw SettingsError(
                .noSuchProfile,
                "profile '\(name)' is neither in the AWS config file nor in the credentials file; "
                    + (known.isEmpty ? "there are no profiles" : "there are: \(known)"))
        }
    }

    /// The same with the files as they are now.
    func readAgain() throws(SettingsError) -> AWSConfiguration {
        try AWSConfiguration(profile: profileIsFromOption ? profileName : nil, environment: environment)
    }

    /// Any profile of the files; nil where neither has it.
    func profile(_ name: String) -> AWSProfile? {
        let profile = AWSProfile(
            name: name, credentialsSection: credentialsFile.sections[name],
            configSection: Self.section(of: name, in: configFile))
        return profile.credentialsSection == nil && profile.configSection == nil ? nil : profile
    }

    /// The values of an `[sso-session NAME]` section; nil where there is none.
    func singleSignOnSession(_ name: String) -> [String: String]? {
        configFile.sections["sso-session \(name)"]?.values
    }

    /// The user's home folder.
    var home: String { Self.home(environment) }

    /// A variable of the environment; nil where it is absent or empty.
    func variable(_ name: String) -> String? { Self.value(name, environment) }

    /// A value of the profile, the config file first; nil where it is absent or empty.
    func profileValue(_ name: String) -> String? {
        (configSection?.values[name] ?? credentialsSection?.values[name]).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// `endpoint_url` of the profile's services section for the service.
    func serviceEndpoint(_ service: String) -> String? {
        services?.blocks[service]?["endpoint_url"].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A switch: the variable, else the profile's value, else false.
    func flag(variable name: String, profileKey: String) throws(SettingsError) -> Bool {
        let (text, place) =
            variable(name).map { ($0, name) } ?? (
                profileValue(profileKey) ?? "false", "\(profileKey) of the profile"
            )
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        default:
            throw SettingsError(.invalidValue, "\(place) is '\(text)'; expected true or false")
        }
    }

    private static func home(_ environment: [String: String]) -> String {
        value("HOME", environment) ?? NSHomeDirectory()
    }

    private static func section(of profile: String, in config: AWSConfigFile) -> AWSConfigFile.Section? {
        config.sections["profile \(profile)"] ?? (profile == "default" ? config.sections["default"] : nil)
    }

    private static func value(_ name: String, _ environment: [String: String]) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func file(
        _ variable: String, default name: String, _ environment: [String: String]
    ) throws(SettingsError) -> AWSConfigFile {
        let home = home(environment)
        var path = value(variable, environment) ?? "\(home)/.aws/\(name)"
        if path.hasPrefix("~/") { path = home + path.dropFirst(1) }
        guard FileManager.default.fileExists(atPath: path) else { return AWSConfigFile() }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SettingsError(.configurationFile, "cannot read \(path); check its permissions")
        }
        return try AWSConfigFile(parsing: String(decoding: data, as: UTF8.self), path: path)
    }
}
