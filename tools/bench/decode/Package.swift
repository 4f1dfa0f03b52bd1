// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "decode",
  dependencies: [.package(name: "breaktrace", path: "../../..")],
  targets: [
    .executableTarget(
      name: "decode",
      dependencies: [
        .product(name: "RingBuffer", package: "breaktrace"),
        .product(name: "TraceModel", package: "breaktrace"),
      ])
  ]
)
