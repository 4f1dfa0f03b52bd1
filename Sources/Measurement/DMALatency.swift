internal import Glibc
internal import SystemPackage

/// A PM QoS request: /dev/cpu_dma_latency, held while it exists.
struct DMALatency: ~Copyable {
  private let descriptor: Int32

  /// Asks that CPUs leave idle states within `microseconds`.
  init(microseconds: Int32, path: String) throws(MeasurementError) {
    descriptor = open(path, O_WRONLY | O_CLOEXEC)
    if descriptor < 0 {
      throw MeasurementError(
        operation: "open for PM QoS", subject: path, errno: Errno(rawValue: errno),
        hint: "latencies include exits from idle states")
    }
    var value = microseconds
    if write(descriptor, &value, 4) != 4 {
      let error = MeasurementError(
        operation: "request \(microseconds) us", subject: path, errno: Errno(rawValue: errno),
        hint: "latencies include exits from idle states")
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }
}
