public import Report
internal import Analysis
internal import RingBuffer
internal import SystemPackage
internal import TraceFile
internal import TraceModel

/// A recorded trace that is explained without the machine it came from.
public struct RecordedTrace: Sendable {
  /// What could not be read of the file, one line each.
  public let problems: [String]
  private let explainer: SpikeExplainer
  private let facts: ReportFacts

  /// Opens a bundle (its trace.dat) or a trace.dat.
  public init(path: String) throws(SessionError) {
    let recorded = try Self.read(path)
    problems = recorded.problems.map(\.description)
    guard let buffer = recorded.mainBuffer else {
      throw .file(
        TraceFileError(.read, path: path, reason: .invalid("there is no buffer in it")))
    }
    explainer = try Self.explainer(buffer.trace)
    facts = try Self.facts(recorded.facts)
  }

  private static func read(_ path: String) throws(SessionError) -> TraceDatFile {
    do throws(TraceFileError) {
      var file = path
      if case .bundle = try TraceFormat.detect(path) {
        file = try Bundle(path).path(of: BundleContents.trace)
      }
      return try TraceDatReader.read(file)
    } catch {
      throw .file(error)
    }
  }

  private static func explainer(_ trace: RawTrace) throws(SessionError) -> SpikeExplainer {
    do throws(RingBufferError) {
      return try SpikeExplainer(trace)
    } catch {
      throw .decoding(error)
    }
  }

  private static func facts(_ text: String?) throws(SessionError) -> ReportFacts {
    guard let text else { return ReportFacts() }
    do throws(ReportError) {
      return try ReportFacts(json: text)
    } catch {
      throw .report(error)
    }
  }

  /// The reports of the last break, or of all, oldest first.
  public func reports(all: Bool, toolVersion: String) throws(SessionError) -> [SpikeReport] {
    let context = facts.context?.context ?? SystemContext()
    return explainer.markers(limit: all ? .max : 1).reversed().map { marker in
      SpikeReport(
        explainer.explain(marker, context: context), facts: facts, toolVersion: toolVersion)
    }
  }
}
