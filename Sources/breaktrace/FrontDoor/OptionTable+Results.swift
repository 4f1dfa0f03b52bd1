extension OptionTable {
  /// What is printed, and where it goes.
  static let results: [OptionSpec] = [
    OptionSpec(
      .quiet, "q", era: .always, group: .results, "Print a summary at the end only."),
    OptionSpec(
      .verbose, "v", era: .always, group: .results,
      "Print every value as n:c:v (thread, cycle, value in us)."),
    OptionSpec(
      .oscope, "o", .required(.number(1...microseconds.upperBound)), "RED", era: .always,
      group: .results, "With -v: print the largest of RED values only."),
    OptionSpec(
      .histogram, "h", .required(.number(1...longestHistogram)), "USEC", era: .always,
      group: .results,
      "Print a histogram of USEC buckets of 1 us at the end, and the overflows. Sets -d 0."),
    OptionSpec(
      .histofall, "H", .required(.number(1...longestHistogram)), "USEC", era: .always,
      group: .results, "As -h, with a column of sums."),
    OptionSpec(
      .histfile, nil, .required(.path), "PATH", era: .later, group: .results,
      "Write the histogram to PATH instead of standard output."),
    OptionSpec(
      .overflowTimes, "g", .required(.number(1...longestHistogram)), "MAX", era: .dropped,
      group: .results, "With -h: print the times (ms) of up to MAX overflows."),
    OptionSpec(
      .json, nil, .required(.path), "PATH", era: .later, group: .results,
      "Write the results to PATH with the keys of rt-tests."),
    OptionSpec(
      .nsecs, "N", era: .always, group: .results,
      "Print ns instead of us. -b and -h stay in us."),
    OptionSpec(
      .refreshOnMaximum, "M", era: .always, group: .results,
      "Renew the display on a new maximum only."),
    OptionSpec(
      .unbuffered, "u", era: .always, group: .results,
      "Write standard output unbuffered."),
    OptionSpec(
      .fifo, "F", .required(.path), "PATH", era: .later, group: .results,
      "Give the statistics to whoever reads the named pipe PATH."),
    OptionSpec(
      .spike, nil, .required(.number(microseconds)), "USEC", era: .later, group: .results,
      "List the wake-ups later than USEC at the end."),
    OptionSpec(
      .spikeNodes, nil, .required(.number(1...microseconds.upperBound)), "NUM", era: .later,
      group: .results, "With --spike: keep NUM of them at most (1024)."),
    OptionSpec(
      .resolution, "R", era: .always, group: .results,
      "Measure the clock's resolution first; -X lists the readings."),
    OptionSpec(
      .debug, "X", era: .always, group: .results,
      "Print what helps to find a fault in the measurement itself."),
    OptionSpec(
      .format, nil, .required(.choice(["text", "markdown", "json"])), "FORMAT", era: .own,
      group: .results, dialects: [.breaktrace],
      "Format of the report on standard output: text (default), markdown or json."),
    OptionSpec(
      .output, nil, .required(.path), "DIR", era: .own, group: .results,
      "Directory in which the bundle of a spike is made (the current one)."),
  ]
}
