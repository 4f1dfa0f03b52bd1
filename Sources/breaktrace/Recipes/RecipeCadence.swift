import ArgumentParser

/// How often and where a recipe's measurements wake up: options that the recipes have in common.
struct RecipeCadence: ParsableArguments {
  @Option(name: [.customShort("i"), .long], help: "Interval of the wakeups in us.")
  var interval: Int64 = 1_000

  @Option(help: "Measure on these CPUs, with one thread each (default: all).")
  var cpus: String?

  mutating func validate() throws {
    guard (1...1_000_000_000).contains(interval) else {
      throw ValidationError(
        "invalid argument '\(interval)' for --interval: expected 1 to 1000000000 us")
    }
  }
}
