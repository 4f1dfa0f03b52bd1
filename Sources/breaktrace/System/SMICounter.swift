import Glibc
import Session

/// System management interrupts of CPUs: MSR 0x34 (MSR_SMI_COUNT) of Intel processors, read through
/// /dev/cpu/N/msr.
struct SMICounter: ~Copyable {
  private let files: [Int: Int32]
  private let start: [Int: UInt64]

  private static let register: off_t = 0x34

  /// Opens the counters of the CPUs and notes their values.
  init(cpus: Set<Int>) throws(UsageError) {
    let info = SystemFiles().text("/proc/cpuinfo") ?? ""
    guard info.contains("GenuineIntel") else {
      throw UsageError(
        "--smi", "this processor does not count SMIs, only Intel processors do (MSR 0x34)",
        hint: "list late wakeups with --spike instead")
    }
    var opened: [Int: Int32] = [:]
    var counts: [Int: UInt64] = [:]
    func refuse(_ cpu: Int, _ reason: Int32) -> UsageError {
      for file in opened.values { close(file) }
      return UsageError(
        "--smi", "/dev/cpu/\(cpu)/msr: \(String(cString: strerror(reason)))",
        hint: Self.hint(reason))
    }
    for cpu in cpus {
      let file = open("/dev/cpu/\(cpu)/msr", O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { throw refuse(cpu, errno) }
      opened[cpu] = file
      guard let count = Self.read(file) else { throw refuse(cpu, errno) }
      counts[cpu] = count
    }
    files = opened
    start = counts
  }

  deinit { for file in files.values { close(file) } }

  /// Interrupts of a CPU since the start, 0 where they cannot be read.
  func count(cpu: Int) -> UInt64 {
    guard let file = files[cpu], let now = Self.read(file), let before = start[cpu] else {
      return 0
    }
    return now &- before
  }

  private static func read(_ file: Int32) -> UInt64? {
    var value: UInt64 = 0
    return pread(file, &value, 8, register) == 8 ? value & 0xffff_ffff : nil
  }

  private static func hint(_ reason: Int32) -> String {
    switch reason {
    case ENOENT, ENXIO, ENODEV: "load the msr module with modprobe msr"
    case EPERM:
      "check for a lockdown (/sys/kernel/security/lockdown) and for CAP_SYS_RAWIO"
    case EACCES: "run as root"
    case EIO: "the processor or the hypervisor has no such register"
    default: "measure without --smi"
    }
  }
}
