/// The CloudFormation template of everything that an import needs.
package enum StackTemplate {
    /// `healthimaging.yaml`, as it lies beside this file.
    package static let healthImaging = String(decoding: PackageResources.healthimaging_yaml, as: UTF8.self)

    /// What it asks for, and what it tells.
    package enum Parameter {
        package static let datastoreName = "datastoreName"
        package static let accountID = "userAccountID"
    }
}
