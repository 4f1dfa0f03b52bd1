import Analysis
import Foundation
import Measurement
import RingBuffer
import Recorded
import Session
import SystemPackage
import Testing
import TraceFile
import TraceModel
import Tracefs

/// A thousand spikes of this machine in one buffer.
///
/// With RECORD_SPIKES=FILE the trace is written there; the fixture of RecordedTests was made so.
@Suite(.serialized, .enabled(if: Machine.isUsable, "needs root and tracefs"))
struct ManySpikesTests {
  @Test func `segments and causes of a thousand live spikes sum to the latency`() throws {
    let spikes = 1_000
    var plan = MeasurementPlan(threads: [
      ThreadPlan(
        index: 0, affinity: CPUSet([0]), policy: .fifo, priority: 80,
        interval: Nanoseconds(microseconds: 500))
    ])
    plan.breakThreshold = Nanoseconds(microseconds: 1)
    plan.afterHit = .goOn
    let engine = Engine(plan: plan)
    try engine.prepare()
    let run = try RunIdentity.current()
    let journal = Journal(run: run)
    let root = try TracefsRoot.findOrMount(journal: journal)
    let instance = try ArmedInstance(
      ArmingPlan.core(bufferKilobytes: 8_192, tids: engine.tids),
      name: InstanceName(run: run, suffix: "spikes"), root: root, journal: journal)
    defer {
      instance.disarm()
      _ = journal.restoreAll()
    }
    // Each break writes its marker; tracing stays on, so that one buffer holds them all.
    engine.begin(BreakDescriptors(marker: instance.marker.rawValue))
    var taken = 0
    let deadline = Date().addingTimeInterval(30)
    while taken < spikes, Date() < deadline {
      usleep(200)
      if engine.hit != nil {
        taken += 1
        engine.rearm()
      }
    }
    engine.stop()
    engine.join()
    try instance.stop()
    #expect(taken == spikes)

    let trace = try Self.read(instance)
    let explainer = try SpikeExplainer(trace)
    let markers = explainer.markers()
    #expect(markers.count >= spikes)
    for marker in markers.prefix(spikes) {
      let analysis = explainer.explain(marker, context: SystemContext())
      #expect(analysis.accountIsExact, "spike \(marker.sequence)")
    }
    if let path = ProcessInfo.processInfo.environment["RECORD_SPIKES"] {
      var kept = trace
      kept.symbols = explainer.decoder.neededSymbols()
      try TraceDatWriter(kept).write(path: path)
    }
  }

  private static func read(_ instance: ArmedInstance) throws -> RawTrace {
    var pages: [CPUPages] = []
    for cpu in try instance.cpus() {
      var bytes: [UInt8] = []
      try instance.appendPages(cpu: cpu, to: &bytes)
      pages.append(CPUPages(cpu: cpu, store: ByteStore(bytes)))
    }
    return RawTrace(
      pageSize: try instance.pageSize(), headerPage: try instance.headerPage(),
      headerEvent: try instance.headerEvent(),
      formats: try instance.formats().map { FormatText(system: $0.event.system, text: $0.text) },
      comms: try instance.savedComms(),
      symbols: Machine.text("/proc/kallsyms"),
      clock: "mono", cpus: pages)
  }
}

extension SpikeAnalysis {
  /// Whether segments, and the causes with what is unexplained, each sum to the latency.
  fileprivate var accountIsExact: Bool {
    let parts = segments.reduce(Nanoseconds.zero) { $0 + $1.length }
    let causes = ([culprit] + contributors).reduce(Nanoseconds.zero) { $0 + $1.claimed }
    return parts == sample.latency && causes == sample.latency
  }
}
