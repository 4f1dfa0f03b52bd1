public import RingBuffer
internal import TraceModel

/// Reads trace.dat files of versions 6 and 7 (`man trace-cmd.dat.v6`, `trace-cmd.dat.v7`).
///
/// The file is mapped; pages that are not compressed are never copied. Whatever a truncated or
/// damaged file still holds is read, and the rest is in `problems`.
public enum TraceDatReader {
  /// Reads the file at `path`; throws where not even its beginning can be read.
  public static func read(_ path: String) throws(TraceFileError) -> TraceDatFile {
    try read(try MappedFile.open(path), path: path)
  }

  /// Reads a file's bytes; `path` is for the errors.
  public static func read(
    _ store: ByteStore, path: String
  ) throws(TraceFileError) -> TraceDatFile {
    try read(store, path: path, mostAtOnce: 64 << 20)
  }

  /// Compressed data of a CPU that become more than `mostAtOnce` bytes are uncompressed when they
  /// are read.
  package static func read(
    _ store: ByteStore, path: String, mostAtOnce: Int
  ) throws(TraceFileError) -> TraceDatFile {
    var input = ByteReader(store)
    do throws(TraceFileProblem) {
      let head = try TraceDatHead(&input)
      var parser = TraceDatParser(head: head, store: store, mostAtOnce: mostAtOnce)
      if head.version == 6 { parser.readSequence(input) } else { parser.readSections() }
      return parser.finish()
    } catch {
      throw TraceFileError(
        .read, path: path, offset: error.offset, reason: .damaged(error.text),
        hint: "the file must be a trace.dat of version 6 or 7; record it again if it is truncated")
    }
  }
}

/// The first bytes of a trace.dat file.
struct TraceDatHead {
  var version: Int
  var order: ByteOrder
  var longSize: Int
  var pageSize: Int
  var compression = ""
  var optionsOffset: UInt64 = 0

  /// The bytes that every file begins with.
  static let magic = "\u{17}\u{08}Dtracing"

  init(_ input: inout ByteReader) throws(TraceFileProblem) {
    guard input.accept(Self.magic) else { throw input.problem("this is not a trace.dat file") }
    let place = input.place
    let text = try input.cString("the version")
    guard let version = Int(text), version == 6 || version == 7 else {
      throw TraceFileProblem(
        offset: place, "unknown version \"\(text.prefix(16))\", expected 6 or 7")
    }
    self.version = version
    switch try input.number(1, "the byte order") {
    case 0: order = .little
    case 1: order = .big
    case let other: throw input.problem("invalid byte order \(other), expected 0 or 1")
    }
    input.order = order
    longSize = Int(try input.number(1, "the size of long"))
    guard longSize == 4 || longSize == 8 else {
      throw input.problem("invalid size of long, \(longSize) bytes")
    }
    pageSize = try Self.pageSize(try input.number(4, "the page size"), input.place)
    if version >= 7 {
      compression = try input.cString("the compression's name")
      _ = try input.cString("the compression's version")
      optionsOffset = try input.number(8, "the offset of the options")
    }
  }

  /// A page size that can be one.
  static func pageSize(_ value: UInt64, _ place: UInt64) throws(TraceFileProblem) -> Int {
    guard value >= 64, value <= 1 << 26, value.nonzeroBitCount == 1 else {
      throw TraceFileProblem(offset: place, "invalid page size, \(value) bytes")
    }
    return Int(value)
  }
}
