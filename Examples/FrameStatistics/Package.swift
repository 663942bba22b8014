// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "FrameStatistics",
    dependencies: [
        // In a package of your own: .package(url: "…/hi-fetch", branch: "main")
        .package(name: "hi-fetch", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "FrameStatistics",
            dependencies: [.product(name: "FrameEngine", package: "hi-fetch")])
    ],
    swiftLanguageModes: [.v6]
)
