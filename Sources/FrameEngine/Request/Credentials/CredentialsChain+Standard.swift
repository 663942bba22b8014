extension CredentialsChain {
    /// The order of the AWS tools; a profile named by an option goes before keys in the environment.
    convenience init(standardFor configuration: AWSConfiguration, services: CredentialsServices) {
        let environment = configuration.environment
        let first: [any CredentialsSource] =
            configuration.profileIsFromOption ? [] : [EnvironmentCredentials(environment: environment)]
        self.init(
            first + [
                ProfileCredentials(configuration: configuration, services: services),
                ContainerCredentials(environment: environment, transports: services.transports),
                InstanceCredentials(
                    configuration: configuration, transports: services.transports, now: services.now),
            ], now: services.now)
    }
}
