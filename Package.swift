// swift-tools-version: 6.2
import Foundation
import PackageDescription

/// Settings of every Swift target: today's language, and no warning tolerated.
let common: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Settings of the modules that read untrusted bytes or draw conclusions from them: no unsafe construct
/// without the word `unsafe` in front of it.
let pure: [SwiftSetting] = common + [.strictMemorySafety()]

/// Settings of modules that wait for the kernel or for a reader: small code instead of fast code, because the
/// static binary is copied to small machines.
let small: [SwiftSetting] = [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// The fixtures of a test target: data beside the tests, found by `#filePath`, no part of the build.
func fixtures(_ target: String) -> [String] {
  FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/Tests/\(target)/Fixtures")
    ? ["Fixtures"] : []
}

let package = Package(
  name: "breaktrace",
  products: [
    .executable(name: "breaktrace", targets: ["breaktrace"]),
    // For the packages under tools/ that fuzz and measure the readers.
    .library(name: "Analysis", targets: ["Analysis"]),
    .library(name: "Recorded", targets: ["Recorded"]),
    .library(name: "Report", targets: ["Report"]),
    .library(name: "RingBuffer", targets: ["RingBuffer"]),
    .library(name: "Session", targets: ["Session"]),
    .library(name: "TraceFile", targets: ["TraceFile"]),
    .library(name: "TraceModel", targets: ["TraceModel"]),
    .library(name: "Tracefs", targets: ["Tracefs"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    .systemLibrary(
      name: "CTracing", pkgConfig: "libtracefs",
      providers: [.apt(["libtracefs-dev", "libtraceevent-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CRealtime", cSettings: [.unsafeFlags(["-Wall", "-Wextra", "-Werror"])]),
    .target(name: "TraceModel", swiftSettings: pure),
    .target(name: "RingBuffer", dependencies: ["TraceModel"], swiftSettings: pure),
    .target(
      name: "TraceFile",
      dependencies: [
        "TraceModel", "RingBuffer", "CZstd", "CZlib",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: pure + small),
    .target(
      name: "Tracefs",
      dependencies: [
        "CTracing", "TraceModel", .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: common + small),
    .target(
      name: "Measurement",
      dependencies: [
        "CRealtime", "TraceModel", .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: common),
    .target(name: "Analysis", dependencies: ["TraceModel"], swiftSettings: pure + small),
    .target(name: "Report", dependencies: ["TraceModel", "Analysis"], swiftSettings: pure + small),
    .target(
      name: "Recorded",
      dependencies: [
        "CRealtime", "TraceModel", "RingBuffer", "TraceFile", "Analysis", "Report",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: common + small),
    .target(
      name: "Session",
      dependencies: [
        "CRealtime", "TraceModel", "RingBuffer", "TraceFile", "Tracefs", "Measurement", "Analysis",
        "Report", "Recorded", .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: common + small),
    .executableTarget(
      name: "breaktrace",
      dependencies: [
        "Session", "Recorded", "Report", "Analysis", "TraceModel", "Measurement", "Tracefs",
        "TraceFile", "CRealtime",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: common + small),
    .testTarget(
      name: "TraceModelTests", dependencies: ["TraceModel"], exclude: fixtures("TraceModelTests"),
      swiftSettings: common),
    .testTarget(
      name: "RingBufferTests", dependencies: ["RingBuffer", "CTracing", "TraceModel", "Captures"],
      exclude: fixtures("RingBufferTests"), swiftSettings: common),
    .testTarget(
      name: "TraceFileTests",
      dependencies: [
        "TraceFile", "RingBuffer", "TraceModel", "CZlib", "Captures",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: fixtures("TraceFileTests"), swiftSettings: common),
    .testTarget(
      name: "TracefsTests", dependencies: ["Tracefs", "TraceModel"],
      exclude: fixtures("TracefsTests"), swiftSettings: common),
    .testTarget(
      name: "MeasurementTests", dependencies: ["Measurement", "Report", "CRealtime", "TraceModel"],
      exclude: fixtures("MeasurementTests"), swiftSettings: common),
    .testTarget(
      name: "AnalysisTests", dependencies: ["Analysis", "TraceModel"],
      exclude: fixtures("AnalysisTests"), swiftSettings: common),
    .testTarget(
      name: "ReportTests", dependencies: ["Report", "Analysis", "TraceModel"],
      exclude: fixtures("ReportTests"), swiftSettings: common),
    // The recorded traces that several test targets read.
    .target(
      name: "Captures", dependencies: ["TraceFile", "RingBuffer"], path: "Tests/Captures",
      exclude: ["Fixtures", "pack"], swiftSettings: common),
    .testTarget(
      name: "RecordedTests",
      dependencies: [
        "Recorded", "Analysis", "Report", "TraceFile", "RingBuffer", "TraceModel", "Captures",
      ],
      exclude: fixtures("RecordedTests"), swiftSettings: common),
    .testTarget(
      name: "SessionTests",
      dependencies: [
        "Session", "Analysis", "Report", "TraceFile", "RingBuffer", "Measurement", "Tracefs",
        "TraceModel", "CRealtime", "Captures",
      ], exclude: fixtures("SessionTests"), swiftSettings: common),
    .testTarget(
      name: "CommandTests",
      dependencies: ["breaktrace", "Recorded", "TraceModel", "Measurement"],
      swiftSettings: common),
    .testTarget(
      name: "LiveTests",
      dependencies: [
        "breaktrace", "Session", "Recorded", "Analysis", "Measurement", "RingBuffer", "TraceFile",
        "Tracefs", "TraceModel",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: fixtures("LiveTests"), swiftSettings: common),
  ]
)
