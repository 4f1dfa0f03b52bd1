import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Tracefs

@Suite struct GuardianTests {
  let fake = FakeTracefs()

  private func arguments(_ run: RunIdentity) -> [String] {
    Array(
      Guardian.arguments(run: run, root: fake.root, journalDirectory: fake.journalDirectory)
        .dropFirst())
  }

  /// The real procfs with the fake tracefs.
  private var files: ControlFiles {
    let fakeFiles = fake.files()
    return ControlFiles { [fake] access in
      access.path.hasPrefix(fake.path) && access.operation == .removeDirectory
        ? fake.fakeRemoval(access, fakeFiles) : .proceed
    }
  }

  @Test func `it disarms when its parent is killed`() throws {
    let child = try ChildProcess()
    let instance = "\(fake.path)/instances/\(InstanceName(run: child.run).text)"
    try fake.files().makeDirectory(instance)
    let journal = Journal(run: child.run, directory: fake.journalDirectory)
    _ = try journal.change("\(fake.path)/tracing_thresh", to: "100")
    let pipe = try FileDescriptor.pipe()
    let status = Mutex<Int32?>(nil)
    let guardian = Thread { [files] in
      let result = Guardian.runChild(
        arguments(child.run), input: pipe.readEnd, files: files)
      status.withLock { $0 = result }
    }
    child.kill()
    guardian.join()
    #expect(status.withLock { $0 } == 0)
    #expect(!fake.exists(instance))
    #expect(fake.get("\(fake.path)/tracing_thresh") == "0")
    #expect(!fake.exists(fake.journalDirectory))
    try pipe.readEnd.close()
    try pipe.writeEnd.close()
  }

  @Test func `it does nothing when told that all is clean`() throws {
    let child = try ChildProcess()
    let instance = "\(fake.path)/instances/\(InstanceName(run: child.run).text)"
    try fake.files().makeDirectory(instance)
    let pipe = try FileDescriptor.pipe()
    try pipe.writeEnd.writeAll([0x63])
    child.kill()
    #expect(Guardian.runChild(arguments(child.run), input: pipe.readEnd, files: files) == 0)
    #expect(fake.exists(instance))
    try pipe.readEnd.close()
    try pipe.writeEnd.close()
  }

  @Test func `a parent that only closes the pipe is not taken for dead`() throws {
    let child = try ChildProcess()
    let instance = "\(fake.path)/instances/\(InstanceName(run: child.run).text)"
    try fake.files().makeDirectory(instance)
    let pipe = try FileDescriptor.pipe()
    try pipe.writeEnd.close()
    let guardian = Thread { [files] in
      _ = Guardian.runChild(arguments(child.run), input: pipe.readEnd, files: files)
    }
    // It cannot have gone on: the instance is there for as long as the child lives.
    for _ in 0..<20 { sched_yield() }
    #expect(fake.exists(instance))
    child.kill()
    guardian.join()
    #expect(!fake.exists(instance))
    try pipe.readEnd.close()
  }

  @Test(arguments: [[], ["1"], ["a", "2", "/t", "/j"], ["1", "2", "/t"]])
  func `wrong arguments are refused`(arguments: [String]) {
    #expect(Guardian.runChild(arguments) == 64)
  }

  @Test func `the started process has its own session, ignores signals and ends when dismissed`()
    throws
  {
    // tee stands for the executable: it reads its standard input as the guardian does.
    let output = "\(fake.base)/out"
    let guardian = try Guardian.start(executable: "/usr/bin/tee", arguments: [output])
    // pid (comm) state ppid pgrp session
    let fields = fake.get("/proc/\(guardian.pid)/stat").split(separator: " ")
    #expect(fields[4] == "\(guardian.pid)" && fields[5] == "\(guardian.pid)")
    kill(guardian.pid, SIGTERM)
    kill(guardian.pid, SIGINT)
    kill(guardian.pid, SIGHUP)
    let open = try ControlFiles().list("/proc/\(guardian.pid)/fd")
    #expect(open.allSatisfy { ["0", "1", "2", "3"].contains($0) }, "descriptors of ours leak")
    guardian.dismiss()
    guardian.dismiss()
    #expect(fake.get(output) == "c")
  }

  @Test func `an executable that is missing is an error with a hint`() {
    let error = #expect(throws: TracefsError.self) {
      try Guardian.start(executable: "/nonexistent", arguments: [])
    }
    #expect(error?.errno == .noSuchFileOrDirectory && error?.operation == .spawn)
  }

  @Test func `dismissing a guardian that was killed is harmless`() throws {
    let guardian = try Guardian.start(executable: "/bin/sh", arguments: ["-c", "read x"])
    kill(guardian.pid, SIGKILL)
    var info = siginfo_t()
    waitid(P_PID, id_t(guardian.pid), &info, WEXITED | WNOWAIT)
    guardian.dismiss()
  }
}

/// A thread that can be joined.
final class Thread {
  private final class Body {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
  }
  private var thread = pthread_t()

  init(_ run: @escaping () -> Void) {
    pthread_create(
      &thread, nil,
      { pointer in
        if let pointer { Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue().run() }
        return nil
      }, Unmanaged.passRetained(Body(run)).toOpaque())
  }

  func join() { pthread_join(thread, nil) }
}
