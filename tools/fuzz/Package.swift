// swift-tools-version: 6.2
import PackageDescription

// The coverage-guided driver links only with `--sanitize=fuzzer`.
let isCoverage = Context.environment["COVERAGE"] != nil

let package = Package(
  name: "fuzz",
  products: [.executable(name: "fuzz", targets: ["fuzz"])],
  dependencies: [.package(name: "breaktrace", path: "../..")],
  targets: [
    .target(
      name: "FuzzTargets",
      dependencies: [
        .product(name: "RingBuffer", package: "breaktrace"),
        .product(name: "TraceModel", package: "breaktrace"),
        .product(name: "TraceFile", package: "breaktrace"),
        .product(name: "Recorded", package: "breaktrace"),
        .product(name: "Session", package: "breaktrace"),
        .product(name: "Tracefs", package: "breaktrace"),
        .product(name: "Analysis", package: "breaktrace"),
        .product(name: "Report", package: "breaktrace"),
      ]),
    .executableTarget(name: "fuzz", dependencies: ["FuzzTargets"]),
  ]
)

if isCoverage {
  package.products.append(.executable(name: "fuzz-coverage", targets: ["fuzz-coverage"]))
  package.targets.append(.executableTarget(name: "fuzz-coverage", dependencies: ["FuzzTargets"]))
}
