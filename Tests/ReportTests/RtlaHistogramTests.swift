import Report
import Testing

/// rtla's histograms and cyclictest's single latencies as series of a plot.
struct RtlaHistogramTests {
  private static func series(_ text: String) throws -> [PlotSeries] {
    guard case .series(let series) = try HistogramReader.read(text, name: "t") else { return [] }
    return series
  }

  /// `rtla timerlat hist -c 0,3 -u` of 6.12, by its source.
  private static let timerlat = """
    # RTLA timerlat histogram
    # Time unit is microseconds (us)
    # Duration:   0 00:00:03
    Index   IRQ-000   Thr-000   Usr-000   IRQ-003   Thr-003   Usr-003
    0          1490         0         0      1500         0         0 
    7            10       900         0         0      1400         9 
    12            0       600      1500         0       100      1490 
    over:         0         0         0         0         0         1 
    count:     1500      1500      1500      1500      1500      1500 
    min:          0         7        12         0         7         7 
    avg:          1         8        12         0         8        13 
    max:          7        12        12         0        12       310 
    ALL:        IRQ       Thr       Usr
    count:     3000      3000      3000 
    min:          0         7         7 
    avg:          0         8        12 
    max:          7        12       310 

    """

  @Test func `timerlat's histogram has a series for each column`() throws {
    let series = try Self.series(Self.timerlat)
    #expect(
      series.map(\.label) == [
        "CPU 0 IRQ", "CPU 0 thread", "CPU 0 user", "CPU 3 IRQ", "CPU 3 thread", "CPU 3 user",
      ])
    #expect(series.map(\.total) == [1_500, 1_500, 1_500, 1_500, 1_500, 1_500])
    #expect(series[5].overflows == 1)
    #expect(series[5].maximum == 310)
    #expect(
      series[0].points == [.init(microseconds: 0, count: 1_490), .init(microseconds: 7, count: 10)])
    #expect(series[4].average == 8)
    // An interrupt's latency and a thread's are not added.
    let sums = PlotSeries.sums(series, label: "run")
    #expect(sums.map(\.label) == ["run: IRQ", "run: thread", "run: user"])
    #expect(sums.map(\.total) == [3_000, 3_000, 3_000])
    #expect(sums[2].maximum == 310)
  }

  @Test func `one CPU as rtla 6.1 printed it`() throws {
    let series = try Self.series(
      """
      # RTLA timerlat histogram
      # Time unit is microseconds (us)
      # Duration:   0 00:00:03
      Index   IRQ-000   Thr-000
      0          1500      1500 
      over:         0         0 
      count:     1500      1500 
      min:          1         7 
      avg:          1         8 
      max:          1        10 

      """)
    #expect(series.map(\.label) == ["CPU 0 IRQ", "CPU 0 thread"])
    #expect(series.map(\.maximum) == [1, 10])
  }

  @Test func `osnoise's histogram`() throws {
    let series = try Self.series(
      """
      # RTLA osnoise histogram
      # Time unit is microseconds (us)
      # Duration:   0 00:01:00
      Index   CPU-000   CPU-002
      1          2021      1800 
      50            3         0 
      over:         0         2 
      count:     2024      1802 
      min:          1         1 
      avg:       1.07      2.50 
      max:         52       900 

      """)
    #expect(series.map(\.label) == ["CPU 0", "CPU 2"])
    #expect(series.map(\.average) == [1.07, 2.5])
    #expect(series.map(\.maximum) == [52, 900])
    #expect(PlotSeries.sums(series, label: "run").map(\.label) == ["run"])
  }

  @Test func `nanoseconds become microseconds`() throws {
    let series = try Self.series(
      """
      # RTLA timerlat histogram
      # Time unit is nanoseconds (ns)
      # Duration:   0 00:00:03
      Index   Thr-001
      7000         10 
      7500         20 
      12000        30 
      over:         0 
      count:       60 
      min:       7010 
      avg:       9100 
      max:      12900 

      """)
    #expect(
      series[0].points == [.init(microseconds: 7, count: 30), .init(microseconds: 12, count: 30)])
    #expect(series[0].minimum == 7 && series[0].maximum == 12)
    #expect(series[0].average == 9.1)
  }

  @Test func `without a header, and with columns that have no samples`() throws {
    let series = try Self.series(
      """
      3           10         0 
      over:        0         0 
      count:      10         0 
      min:         3         - 
      avg:         3         - 
      max:         3         - 

      """)
    #expect(series.map(\.label) == ["column 0", "column 1"])
    #expect(series[0].maximum == 3)
    #expect(series[1].points.isEmpty && series[1].average == nil)
  }

  @Test func `what has no latencies is refused with the reason`() {
    func reason(_ text: String) -> String {
      do throws(ReportError) {
        _ = try HistogramReader.read(text, name: "t")
        return ""
      } catch {
        return error.reason
      }
    }
    let head = "# RTLA timerlat histogram\n# Time unit is microseconds (us)\n"
    #expect(reason(head + "Index\nover: 0\ncount: 0\nmin: 0\navg: 0\nmax: 0\n").contains("empty"))
    #expect(reason(head + "   IRQ-000   Thr-000\n     1500      1500 \n").contains("rtla"))
    #expect(reason("over:\nunder: 1\n").isEmpty == false)
  }

  @Test func `single latencies become a histogram`() throws {
    // cyclictest 2.4 -t2 -l 3 -v.
    let series = try Self.series(
      """
      Max CPUs = 2
      Online CPUs = 2
      # /dev/cpu_dma_latency set to 0us
      Thread 0 Interval: 1500
      Thread 1 Interval: 2000
             0:       0:      71
             0:       1:      76
             0:       2:      71
             1:       0:      94
             1:       1:      88
             1:       2:    1200

      """)
    #expect(series.map(\.label) == ["thread 0", "thread 1"])
    #expect(
      series[0].points == [.init(microseconds: 71, count: 2), .init(microseconds: 76, count: 1)])
    #expect(series[0].minimum == 71)
    #expect(series[1].maximum == 1_200)
    #expect(series[1].average == 1382.0 / 3)
  }

  @Test func `no damage of a histogram ends the program`() {
    for text in [Self.timerlat, "       0:       0:      71\n       1:       0:      94\n"] {
      let bytes = Array(text.utf8)
      for index in bytes.indices {
        for bit in [UInt8(1), 16, 64] {
          var flipped = bytes
          flipped[index] ^= bit
          for some in [flipped, Array(bytes[..<index])] {
            _ = try? HistogramReader.read(String(decoding: some, as: UTF8.self), name: "t")
          }
        }
      }
    }
  }
}
