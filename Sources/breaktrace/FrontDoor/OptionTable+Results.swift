extension OptionTable {
  /// What is printed, and where it goes.
  static let results: [OptionSpec] = [
    OptionSpec(
      .quiet, "q", era: .always, group: .results, "Print a summary at the end only."),
    OptionSpec(
      .verbose, "v", era: .always, group: .results,
      "Print each value as n:c:v (thread, cycle, value in us)."),
    OptionSpec(
      .oscope, "o", .required(.number(1...microseconds.upperBound)), "RED", era: .always,
      group: .results, "With -v, print only the largest of every RED values."),
    OptionSpec(
      .histogram, "h", .required(.number(1...longestHistogram)), "USEC", era: .always,
      group: .results,
      "Print a histogram of USEC buckets of 1 us and the overflows at the end. Implies -d 0."),
    OptionSpec(
      .histofall, "H", .required(.number(1...longestHistogram)), "USEC", era: .always,
      group: .results, "Like -h, with an additional column of sums."),
    OptionSpec(
      .histfile, nil, .required(.path), "PATH", era: .later, group: .results,
      "Write the histogram to PATH instead of standard output."),
    OptionSpec(
      .overflowTimes, "g", .required(.number(1...longestHistogram)), "MAX", era: .dropped,
      group: .results, "With -h, print the times (ms) of at most MAX overflows."),
    OptionSpec(
      .json, nil, .required(.path), "PATH", era: .later, group: .results,
      "Write the results to PATH as JSON with the keys of rt-tests."),
    OptionSpec(
      .nsecs, "N", era: .always, group: .results,
      "Print ns instead of us. -b and -h still take us."),
    OptionSpec(
      .refreshOnMaximum, "M", era: .always, group: .results,
      "Update the display only when there is a new maximum."),
    OptionSpec(
      .unbuffered, "u", era: .always, group: .results,
      "Do not buffer standard output."),
    OptionSpec(
      .fifo, "F", .required(.path), "PATH", era: .later, group: .results,
      "Write the statistics to the named pipe PATH when a process reads it."),
    OptionSpec(
      .spike, nil, .required(.number(microseconds)), "USEC", era: .later, group: .results,
      "List the latencies above USEC at the end."),
    OptionSpec(
      .spikeNodes, nil, .required(.number(1...microseconds.upperBound)), "NUM", era: .later,
      group: .results, "With --spike, keep at most NUM latencies (1024)."),
    OptionSpec(
      .resolution, "R", era: .always, group: .results,
      "Measure the resolution of the clock first. -X lists the readings."),
    OptionSpec(
      .debug, "X", era: .always, group: .results,
      "Print details that help to debug the measurement itself."),
    OptionSpec(
      .format, nil, .required(.choice(["text", "markdown", "json"])), "FORMAT", era: .own,
      group: .results, dialects: [.breaktrace],
      "Format of the report on standard output: text (default), markdown or json."),
    OptionSpec(
      .output, nil, .required(.path), "DIR", era: .own, group: .results,
      "Create the bundle of a spike in DIR (current directory)."),
  ]
}
