public import Measurement
public import Report
public import RingBuffer
public import TraceFile
public import Tracefs

/// Why a run could not be made or finished; each case carries the module's own error, which says
/// what to do.
public enum SessionError: Error, Sendable, CustomStringConvertible {
  /// The measurement could not be prepared.
  case measurement(MeasurementError)
  /// Tracing could not be armed.
  case arming(TracefsError)
  /// The trace could not be decoded.
  case decoding(RingBufferError)
  /// A report could not be written or its facts not read.
  case report(ReportError)
  /// A file could not be read or written.
  case file(TraceFileError)

  /// One line: what failed, on what, why, what to do.
  public var description: String {
    switch self {
    case .measurement(let error): "\(error)"
    case .arming(let error): "\(error)"
    case .decoding(let error): "\(error)"
    case .report(let error): "\(error)"
    case .file(let error): "\(error)"
    }
  }
}
