import CRealtime
import Foundation
import Glibc
import Measurement
import Testing
import TraceModel

/// Set in the child process, to the file that takes its result.
private let resultVariable = "BREAKTRACE_INTERPOSED_RESULT"
private let isChild = ProcessInfo.processInfo.environment[resultVariable] != nil

/// What needs a separate process: malloc counted by thread, and SIGALRM blocked in each thread.
///
/// The parent compiles a small library and runs this test program again with it in LD_PRELOAD, for
/// the tests of `InterposedChildTests` only.
@Suite(.serialized, .enabled(if: !isChild, "the child has its own tests"))
struct InterposedTests {
  private static let library = #"""
    #define _GNU_SOURCE
    #include <signal.h>
    #include <stddef.h>
    #include <errno.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t);
    extern void *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
    extern void __libc_free(void *);
    static unsigned counts[1 << 22];
    static void count(void) {
      __atomic_fetch_add(&counts[syscall(SYS_gettid) & ((1 << 22) - 1)], 1, __ATOMIC_RELAXED);
    }
    unsigned interposed_count(int tid) { return __atomic_load_n(&counts[tid], __ATOMIC_RELAXED); }
    void *malloc(size_t n) { count(); return __libc_malloc(n); }
    void *calloc(size_t n, size_t m) { count(); return __libc_calloc(n, m); }
    void *realloc(void *p, size_t n) { count(); return __libc_realloc(p, n); }
    void *memalign(size_t a, size_t n) { count(); return __libc_memalign(a, n); }
    void *aligned_alloc(size_t a, size_t n) { count(); return __libc_memalign(a, n); }
    int posix_memalign(void **p, size_t a, size_t n) {
      count();
      return (*p = __libc_memalign(a, n)) ? 0 : ENOMEM;
    }
    void free(void *p) { if (p) { count(); __libc_free(p); } }
    // The main thread of a test program waits here with nothing blocked.
    int sigsuspend(const sigset_t *mask) {
      sigset_t set = *mask;
      sigaddset(&set, SIGALRM);
      return syscall(SYS_rt_sigsuspend, &set, 8);
    }
    """#

  @Test(
    .enabled(
      if: FileManager.default.isExecutableFile(atPath: "/usr/bin/cc"), "no C compiler is here"))
  func `the measuring threads allocate nothing, and setitimer works`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "breaktrace-interposed-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appending(path: "count.c").path
    let library = folder.appending(path: "count.so").path
    let result = folder.appending(path: "result").path
    try Self.library.write(toFile: source, atomically: true, encoding: .utf8)
    let compiled = try run(
      "/usr/bin/cc", ["-shared", "-fPIC", "-O2", "-o", library, source], environment: [:])
    #expect(compiled == 0)
    let status = try run(
      "/proc/self/exe", ["--testing-library", "swift-testing", "--filter", "InterposedChildTests"],
      environment: ["LD_PRELOAD": library, resultVariable: result])
    #expect(status == 0)
    let text = try String(contentsOfFile: result, encoding: .utf8)
    let lines = Set(text.split(separator: "\n"))
    #expect(lines == ["allocations 0 0", "control 1", "itimer 100"])
  }

  private func run(_ program: String, _ arguments: [String], environment: [String: String]) throws
    -> Int32
  {
    let process = Process()
    process.executableURL = URL(filePath: program).resolvingSymlinksInPath()
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}

/// Run by the child only.
@Suite(.serialized, .enabled(if: isChild, "run in a process of its own by InterposedTests"))
struct InterposedChildTests {
  private typealias Count = @convention(c) (Int32) -> UInt32

  private func report(_ line: String) throws {
    let path = try #require(ProcessInfo.processInfo.environment[resultVariable])
    let file = try #require(fopen(path, "a"))
    fputs(line + "\n", file)
    fclose(file)
  }

  @Test func `no allocation between begin and the hits`() throws {
    let symbol = try #require(dlsym(nil, "interposed_count"))
    let count = unsafeBitCast(symbol, to: Count.self)
    // The counter counts: else a zero means nothing.
    let own = bt_gettid()
    let before = count(own)
    free(malloc(100))
    try report("control \(count(own) - before >= 2 ? 1 : 0)")

    let marker = TestPipe()
    var plan = quickPlan(threads: 2, interval: 100, threshold: 0)
    plan.histogramBuckets = 100
    plan.sampleCapacity = 1_024
    plan.afterHit = .goOn
    let engine = Engine(plan: plan)
    try engine.prepare()
    let start = engine.tids.map(count)
    engine.begin(BreakDescriptors(marker: marker.writing))
    var hits = 0
    while !engine.statistics().allSatisfy({ $0.cycles >= 10_000 }) {
      if engine.hit != nil, !marker.text().isEmpty {
        hits += 1
        engine.rearm()
      }
      usleep(5_000)
    }
    let allocations = zip(engine.tids.map(count), start).map { $0 - $1 }
    engine.stop()
    engine.join()
    #expect(hits > 10)
    try report("allocations \(allocations[0]) \(allocations[1])")
  }

  @Test func `setitimer waits`() throws {
    var plan = quickPlan(interval: 1_000, loops: 100)
    plan.waitMode = .itimer
    let engine = try finished(plan)
    #expect(engine.failures().isEmpty)
    try report("itimer \(engine.statistics()[0].cycles)")
  }
}
