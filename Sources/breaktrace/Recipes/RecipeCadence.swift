import ArgumentParser

/// How often and where a recipe's measurements wake up: options that the recipes have in common.
struct RecipeCadence: ParsableArguments {
  @Option(name: [.customShort("i"), .long], help: "Interval of the wake-ups in us.")
  var interval: Int64 = 1_000

  @Option(help: "The CPUs that are measured, one thread each; all without it.")
  var cpus: String?

  mutating func validate() throws {
    guard (1...1_000_000_000).contains(interval) else {
      throw ValidationError("--interval: \(interval) is not between 1 and 1000000000 us")
    }
  }
}
