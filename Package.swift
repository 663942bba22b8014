// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "hi-fetch",
    products: [
        .library(name: "FrameEngine", targets: ["FrameEngine"]),
        .executable(name: "hi-fetch", targets: ["hi-fetch"]),
        .executable(name: "bench", targets: ["bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // System libraries: a module map and typed wrappers for variadic calls, nothing else.
        .systemLibrary(name: "CCurl", path: "Sources/System/CCurl", pkgConfig: "libcurl"),
        .systemLibrary(name: "COpenJPEG", path: "Sources/System/COpenJPEG", pkgConfig: "libopenjp2"),
        .systemLibrary(name: "CISAL", path: "Sources/System/CISAL", pkgConfig: "libisal"),
        .systemLibrary(name: "CDeflate", path: "Sources/System/CDeflate", pkgConfig: "libdeflate"),
        .systemLibrary(name: "CSched", path: "Sources/System/CSched"),
        .systemLibrary(name: "CZlib", path: "Sources/System/CZlib", pkgConfig: "zlib"),

        // Our C and the C++ shims.
        .target(name: "CKernels"),
        .target(name: "CGuardedOpenJPEG", dependencies: ["COpenJPEG"]),
        .target(name: "CSimdJSON", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "COpenJPH", linkerSettings: [.linkedLibrary("openjph")]),
        // For benchmarks and tests alone.
        .target(name: "CAllocationCounter"),
        .target(
            name: "CDCMTK",
            linkerSettings: [
                .linkedLibrary("dcmjpeg"), .linkedLibrary("dcmjpls"), .linkedLibrary("dcmimage"),
                .linkedLibrary("dcmimgle"), .linkedLibrary("dcmdata"), .linkedLibrary("oflog"),
                .linkedLibrary("ofstd"), .linkedLibrary("z"),
            ]),

        .target(
            name: "FrameEngine",
            dependencies: [
                "CCurl", "COpenJPEG", "CGuardedOpenJPEG", "CISAL", "CDeflate", "CKernels", "CSimdJSON",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .target(
            name: "LocalImaging",
            dependencies: [
                "FrameEngine", "COpenJPH", "CDCMTK",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ]),
        .target(
            name: "ImagingWorkflow", dependencies: ["FrameEngine"],
            resources: [.embedInCode("Template/healthimaging.yaml")]),
        .executableTarget(
            name: "hi-fetch",
            dependencies: [
                "FrameEngine", "ImagingWorkflow", "LocalImaging",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "bench",
            dependencies: [
                "FrameEngine", "CAllocationCounter", "COpenJPH", "CSched", "CZlib",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .testTarget(
            name: "FrameEngineTests",
            dependencies: [
                "FrameEngine", "CAllocationCounter", "CCurl", "CKernels", "COpenJPEG",
                .product(name: "CoreMetrics", package: "swift-metrics"),
            ]),
        .testTarget(
            name: "LocalImagingTests",
            dependencies: [
                "LocalImaging", "FrameEngine",
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .testTarget(name: "ImagingWorkflowTests", dependencies: ["ImagingWorkflow", "FrameEngine"]),
        .testTarget(
            name: "CommandLineTests",
            dependencies: ["hi-fetch", "FrameEngine", "ImagingWorkflow", "LocalImaging"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c11,
    cxxLanguageStandard: .cxx17
)
