import Glibc
import Testing

@testable import Tracefs

@Suite struct RunIdentityTests {
  @Test func `this process is alive`() throws {
    let run = try RunIdentity.current()
    #expect(run.pid == getpid())
    #expect(run.startTime > 0)
    #expect(run.isAlive())
  }

  @Test func `a later process with the same id is not taken for the run`() throws {
    var run = try RunIdentity.current()
    run.startTime += 1
    #expect(!run.isAlive())
  }

  @Test func `a killed process is dead before and after it is reaped`() throws {
    let child = try ChildProcess()
    #expect(child.run.isAlive())
    child.kill()
    #expect(!child.run.isAlive())
    child.reap()
    #expect(!child.run.isAlive())
  }

  @Test func `a zombie leader with other threads lives`() {
    let fake = FakeTracefs()
    fake.addProcess(makeRun(5), state: "Z")
    #expect(!makeRun(5).isAlive(files: fake.files()))
    mkdir("\(fake.proc)/5/task/6", 0o700)
    #expect(makeRun(5).isAlive(files: fake.files()))
  }

  @Test func `a name with brackets and blanks does not shift the fields`() throws {
    let fake = FakeTracefs()
    fake.addProcess(makeRun(5, 991))
    #expect(try RunIdentity.of(pid: 5, files: fake.files()).startTime == 991)
  }
}
