import Report
import Testing
import TraceModel

@Suite struct SpikeTableTests {
  static var table: SpikeTable {
    var table = SpikeTable()
    for (index, name) in ["irqs-off", "hypervisor", "non-preemptible-kernel", "hypervisor"]
      .enumerated()
    {
      table.add(
        SpikeExamples.report(name).analysis, time: Nanoseconds(Int64(index + 1) * 1_250_000_000),
        deadTime: Nanoseconds(Int64(index) * 1_000_500), bundle: index == 2 ? nil : "spike-\(index)"
      )
    }
    return table
  }

  @Test func `rows are numbered and summed`() {
    let table = Self.table
    #expect(table.rows.map(\.number) == [1, 2, 3, 4])
    #expect(table.largest == Nanoseconds(1_485_000))
    #expect(table.deadTime == Nanoseconds(6_003_000))
    #expect(table.classes.map(\.count).reduce(0, +) == 4)
    #expect(table.classes.first?.culprit == "hypervisor")
    #expect(table.classes.first?.count == 2)
  }

  @Test func `an empty table has no rows and still a text`() throws {
    #expect(SpikeTable().text.contains("0 spikes"))
    #expect(try SpikeTable().json.contains("\"spikes\""))
  }
}
