internal import Glibc
public import RingBuffer
internal import SystemPackage

/// What kind of recorded trace a path names, found out by content.
public enum TraceFormat: Hashable, Sendable {
  /// A directory that `BundleWriter` wrote.
  case bundle
  /// A directory with raw pages of CPUs and format files (`RawDumpReader`).
  case rawPages
  /// trace.dat of version 6 or 7.
  case traceDat(version: Int)
  /// ftrace's `trace` text, in default or latency format, or what `trace-cmd report` prints.
  case text
  /// Trace text inside an HTML page (systrace).
  case html

  /// Finds out what `path` names; throws where it is nothing that can be analysed, naming what it
  /// is.
  public static func detect(_ path: String) throws(TraceFileError) -> TraceFormat {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw .system(.open, path, .current) }
    if status.st_mode & S_IFMT == S_IFDIR {
      let list = BundleWriter.join(path, BundleWriter.manifestName)
      if unsafe access(list, F_OK) == 0 { return .bundle }
      if RawDumpReader.isDump(path) { return .rawPages }
      throw TraceFileError(
        .open, path: path,
        reason: .unsupported("the directory is neither a bundle nor a dump of raw pages"),
        hint:
          "a bundle contains \(BundleWriter.manifestName), a dump per_cpu/cpuN/trace_pipe_raw or "
          + "cpuN.raw; name one of these or a trace file")
    }
    return try detect(try MappedFile.open(path), path: path)
  }

  /// Finds out what a file's bytes are; `path` is for the errors.
  public static func detect(
    _ store: ByteStore, path: String
  ) throws(TraceFileError) -> TraceFormat {
    guard store.count > 0 else {
      throw TraceFileError(
        .read, path: path, reason: .unsupported("the file is empty"),
        hint: "a trace has at least its header lines")
    }
    var input = ByteReader(store)
    if input.accept(TraceDatHead.magic) {
      var head = ByteReader(store)
      do throws(TraceFileProblem) {
        return .traceDat(version: try TraceDatHead(&head).version)
      } catch {
        throw TraceFileError(
          .read, path: path, offset: error.offset, reason: .damaged(error.text),
          hint: "supported are trace.dat files of version 6 and 7")
      }
    }
    if let (name, hint) = Self.foreign.first(where: { input.accept($0.magic) }).map({
      ($0.name, $0.hint)
    }) {
      throw TraceFileError(.read, path: path, reason: .unsupported(name), hint: hint)
    }
    return try store.withBytes(in: 0..<1 << 16) { (bytes) throws(TraceFileError) in
      try detectText(bytes, path: path)
    }
  }

  private static let foreign: [(magic: [UInt8], name: String, hint: String)] = [
    (Array("PERFILE2".utf8), "a perf.data file", "only ftrace recordings are supported"),
    ([0x1f, 0x8b], "a gzip file", "decompress it with gunzip first"),
    ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "an xz file", "decompress it with unxz first"),
    (Array("BZh".utf8), "a bzip2 file", "decompress it with bunzip2 first"),
    ([0x28, 0xb5, 0x2f, 0xfd], "a zstd file", "decompress it with unzstd first"),
    ([0x50, 0x4b, 3, 4], "a zip archive", "unpack it first"),
    ([0x7f, 0x45, 0x4c, 0x46], "an executable or a kernel image", "name a trace file"),
    ([0x0a, 0x0d, 0x0d, 0x0a], "a pcapng capture", "only ftrace recordings are supported"),
    ([0xd4, 0xc3, 0xb2, 0xa1], "a pcap capture", "only ftrace recordings are supported"),
    ([0xa1, 0xb2, 0xc3, 0xd4], "a pcap capture", "only ftrace recordings are supported"),
    ([0xc1, 0x1f, 0xfc, 0xc1], "a CTF stream (LTTng)", "only ftrace recordings are supported"),
  ]

  private static func detectText(
    _ bytes: RawSpan, path: String
  ) throws(TraceFileError) -> TraceFormat {
    var control = 0
    for index in 0..<bytes.byteCount {
      let byte = bytes.byte(index)
      if byte < 32, byte != 9, byte != 10, byte != 13, byte != 12, byte != 27 { control += 1 }
    }
    guard control * 200 <= bytes.byteCount else {
      throw TraceFileError(
        .read, path: path, reason: .unsupported("a binary file of an unknown format"),
        hint: "supported are trace.dat, ftrace text and bundles")
    }
    let head = bytes.string(0..<512)
    let start = head.drop { $0.isWhitespace }.prefix(16).lowercased()
    if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return .html }
    if start.hasPrefix("{") || start.hasPrefix("[{") {
      throw TraceFileError(
        .read, path: path, reason: .unsupported("a JSON file"),
        hint: "supported are trace.dat, ftrace text and bundles")
    }
    return .text
  }
}
