// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "breaktrace", path: "../..")],
  targets: [
    .executableTarget(
      name: "fuzz",
      dependencies: [
        .product(name: "RingBuffer", package: "breaktrace"),
        .product(name: "TraceModel", package: "breaktrace"),
      ])
  ]
)
