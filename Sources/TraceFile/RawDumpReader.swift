internal import Glibc
public import RingBuffer
internal import TraceModel

/// Reads a directory of raw ring buffer pages with the texts that decoding needs beside them.
///
/// Pages are files `per_cpu/cpuN/trace_pipe_raw`, `cpuN.raw` or `cpuN/trace_pipe_raw`; formats are
/// in `events/SYSTEM/EVENT/format`, here or in `formats/`; `header_page`, `header_event`,
/// `saved_cmdlines`, `printk_formats`, `trace_clock` and `kallsyms` as tracefs and /proc give them.
public enum RawDumpReader {
  /// The directory's trace, and what was missing from it.
  public struct Result: Sendable {
    /// The pages with their texts.
    public var trace: RawTrace
    /// What is missing or cut.
    public var problems: [TraceFileProblem]
  }

  /// Whether a directory holds pages of at least one CPU.
  public static func isDump(_ path: String) -> Bool {
    !pages(path).isEmpty
  }

  /// Reads the directory at `path`; what it lacks of the texts comes from the directory `formatsAt`
  /// or from `other`, a trace of the same kernel.
  ///
  /// Throws where there are no pages or no header_page.
  public static func read(
    _ path: String, formatsAt folder: String? = nil, or other: RawTrace? = nil
  ) throws(TraceFileError) -> Result {
    let files = pages(path)
    guard !files.isEmpty else {
      throw TraceFileError(
        .read, path: path, reason: .unsupported("this directory contains no pages of a CPU"),
        hint: "pages are files per_cpu/cpuN/trace_pipe_raw or cpuN.raw")
    }
    let roots = [path, path + "/formats", path + "/.."] + (folder.map { [$0] } ?? [])
    guard let headerPage = text("header_page", in: roots) ?? other?.headerPage else {
      throw TraceFileError(
        .read, path: path, reason: .damaged("it contains no header_page"),
        hint:
          "copy events/header_page of the traced kernel into the directory, or name a trace.dat "
          + "of it with --formats")
    }
    var problems: [TraceFileProblem] = []
    var metadata = TraceDatMetadata()
    metadata.headerPage = headerPage
    var formats = formats(in: roots)
    if formats.isEmpty, let other { formats = other.formats }
    if formats.isEmpty {
      problems.append(TraceFileProblem(offset: nil, "there are no event formats"))
    }
    if let names = text("saved_cmdlines", in: roots) { metadata.takeComms(StoredText(names)) }
    let pageSize = dataEnd(headerPage) ?? 4_096
    var cpus: [CPUPages] = []
    for file in files {
      let store = try MappedFile.open(file.path)
      let whole = store.count / pageSize * pageSize
      if whole < store.count {
        problems.append(
          TraceFileProblem(
            offset: UInt64(whole),
            "CPU \(file.cpu): the last \(store.count - whole) bytes are not a complete page"))
      }
      cpus.append(CPUPages(cpu: file.cpu, store: store, range: 0..<whole))
    }
    var trace = RawTrace(
      longSize: metadata.commitSize ?? 8, pageSize: pageSize, headerPage: headerPage,
      headerEvent: text("header_event", in: roots) ?? "", formats: formats,
      comms: metadata.comms, symbols: text("kallsyms", in: roots) ?? "",
      printkFormats: text("printk_formats", in: roots) ?? "",
      clock: TraceDatOptions.clock(text("trace_clock", in: roots) ?? ""), cpus: cpus)
    if let other {
      if trace.symbolText.isEmpty { trace.symbolText = other.symbolText }
      if trace.printkFormats.isEmpty { trace.printkFormats = other.printkFormats }
    }
    return Result(trace: trace, problems: problems)
  }

  /// The files with pages, by CPU.
  private static func pages(_ path: String) -> [(cpu: Int, path: String)] {
    var found: [Int: String] = [:]
    for (folder, tail) in [("per_cpu", "/trace_pipe_raw"), (".", "/trace_pipe_raw"), (".", "")] {
      for name in names(path + "/" + folder) where name.hasPrefix("cpu") {
        let digits = name.dropFirst(3).prefix { $0.isNumber }
        guard let cpu = Int(digits), cpu <= CPUSet.highest, found[cpu] == nil else { continue }
        let rest = name.dropFirst(3 + digits.count)
        guard tail.isEmpty ? rest == ".raw" : rest.isEmpty else { continue }
        let file = "\(path)/\(folder)/\(name)\(tail)"
        if unsafe access(file, R_OK) == 0 { found[cpu] = file }
      }
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// `offset + size` of the field `data`: what a sub-buffer page is long.
  private static func dataEnd(_ headerPage: String) -> Int? {
    for line in headerPage.split(separator: "\n") where line.contains(" data;") {
      var values: [Substring: Int] = [:]
      for part in line.split(separator: ";") {
        let pair = part.split(separator: ":", maxSplits: 1)
        if pair.count == 2, let key = pair[0].split(whereSeparator: \.isWhitespace).last {
          values[key] = Int(pair[1])
        }
      }
      guard let offset = values["offset"], let size = values["size"] else { return nil }
      let (end, overflow) = offset.addingReportingOverflow(size)
      if !overflow, end >= 64, end <= 1 << 26 { return end }
    }
    return nil
  }

  private static func formats(in roots: [String]) -> [FormatText] {
    for root in roots {
      var formats: [FormatText] = []
      for system in names(root + "/events").sorted() {
        for event in names("\(root)/events/\(system)").sorted() {
          let file = "\(root)/events/\(system)/\(event)/format"
          if let store = try? MappedFile.open(file) {
            formats.append(
              FormatText(
                system: system, text: store.withBytes { $0.string(0..<$0.byteCount) }))
          }
        }
      }
      if !formats.isEmpty { return formats }
    }
    return []
  }

  private static func text(_ name: String, in roots: [String]) -> String? {
    for root in roots {
      for file in ["\(root)/\(name)", "\(root)/events/\(name)"] {
        if let store = try? MappedFile.open(file) {
          return store.withBytes { $0.string(0..<$0.byteCount) }
        }
      }
    }
    return nil
  }

  /// The names in a directory, none where it cannot be read.
  private static func names(_ path: String) -> [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { _ = unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
