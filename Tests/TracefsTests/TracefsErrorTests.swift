import SystemPackage
import Testing

@testable import Tracefs

@Suite struct TracefsErrorTests {
  let fake = FakeTracefs()

  @Test func `a message says what, on what, why and what to do`() {
    let error = TracefsError(
      .write, path: "/t/trace_clock", value: "mono", errno: .invalidArgument, hint: "do this")
    #expect(
      error.description
        == "cannot write \"mono\" to /t/trace_clock: Invalid argument (EINVAL), do this")
    #expect(TracefsError(.read, path: "/a").description == "cannot read /a")
    let long = TracefsError(.write, path: "/a", value: String(repeating: "x", count: 500))
    #expect(long.description.count < 160)
  }

  @Test(
    arguments: [
      (.noSuchFileOrDirectory, "/t/tracing_thresh", "CONFIG_IRQSOFF_TRACER"),
      (.noSuchFileOrDirectory, "/t/events/syscalls/a/enable", "CONFIG_FTRACE_SYSCALLS"),
      (.noSuchFileOrDirectory, "/t/snapshot", "CONFIG_TRACER_SNAPSHOT"),
      (.noSuchFileOrDirectory, "/t/options/x", "no such option"),
      (.invalidArgument, "/t/current_tracer", "CONFIG_SCHED_TRACER"),
      (.invalidArgument, "/t/events/a/b/filter", "field"),
      (.noMemory, "/t/buffer_size_kb", "4321 KiB are available"),
      (.resourceBusy, "/t/current_tracer", "same family"),
      (.notPermitted, "/t/current_tracer", "CAP_SYS_ADMIN"),
      (.operationNotSupportedByDevice, "/t", "CONFIG_TRACING"),
      (.operationNotSupportedByDevice, "/t/per_cpu/cpu9/stats", "never online"),
    ] as [(Errno, String, String)])
  func `each reason has its hint`(errno: Errno, path: String, words: String) {
    let access = FileAccess(.write, path: path, value: "wakeup_rt")
    fake.update { $0.refusals[access] = errno }
    let error = #expect(throws: TracefsError.self) {
      try fake.files().write("wakeup_rt", to: path)
    }
    #expect(error?.errno == errno && error?.value == "wakeup_rt" && error?.path == path)
    #expect(error?.hint.contains(words) == true, "\(error?.hint ?? "")")
  }

  @Test func `a lockdown is named`() throws {
    try ControlFiles().makeDirectory("\(fake.base)/security")
    fake.put("\(fake.base)/security/lockdown", "none integrity [confidentiality]\n")
    fake.update { $0.refusals[FileAccess(.read, path: "/x")] = .notPermitted }
    let error = #expect(throws: TracefsError.self) { try fake.files().text("/x") }
    #expect(error?.hint.contains("locked down (confidentiality)") == true)
  }

  @Test func `the kernel's own reasons come through`() {
    let files = ControlFiles()
    let missing = #expect(throws: TracefsError.self) { try files.text("/nonexistent/a") }
    #expect(missing?.errno == .noSuchFileOrDirectory && missing?.operation == .read)
    let directory = #expect(throws: TracefsError.self) { try files.write("1", to: "/tmp") }
    #expect(directory?.errno == .isDirectory && directory?.value == "1")
    let full = #expect(throws: TracefsError.self) { try files.write("1", to: "/dev/full") }
    #expect(full?.errno == .noSpace)
  }
}
