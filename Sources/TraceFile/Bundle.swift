internal import Glibc
public import RingBuffer
internal import SystemPackage

/// A bundle directory that was written before.
public struct Bundle: Hashable, Sendable {
  /// The file of a bundle that holds the trace.
  public static let trace = "trace.dat"

  /// The directory.
  public let path: String
  /// The files of the checksum list with their SHA-256, in its order.
  public let checksums: [FileChecksum]

  /// A file and its SHA-256.
  public struct FileChecksum: Hashable, Sendable {
    /// The file's name in the bundle.
    public var file: String
    /// 64 hexadecimal digits.
    public var sum: String
  }

  /// Opens the bundle in the directory `path`; throws where there is no readable list of checksums.
  public init(_ path: String) throws(TraceFileError) {
    self.path = path
    let list = BundleWriter.join(path, BundleWriter.manifestName)
    let store = try MappedFile.open(list)
    let text = store.withBytes { $0.string(0..<$0.byteCount) }
    var found: [FileChecksum] = []
    for line in text.split(separator: "\n") {
      let digits = line.prefix { $0.isHexDigit }
      let name = line.dropFirst(digits.count + 2)
      let gap = line.dropFirst(digits.count).prefix(2)
      guard digits.utf8.count == 64, gap == "  " || gap == " *",
        BundleWriter.isPlain(String(name))
      else {
        throw TraceFileError(
          .read, path: list,
          reason: .damaged("this is not a line of sha256sum: \"\(line.prefix(80))\""))
      }
      found.append(FileChecksum(file: String(name), sum: digits.lowercased()))
    }
    checksums = found
  }

  /// The files' names.
  public var files: [String] { checksums.map(\.file) }

  /// The path of a file of the bundle.
  public func path(of file: String) -> String { BundleWriter.join(path, file) }

  /// The bytes of a file of the bundle; throws where it cannot be read.
  public func bytes(of file: String) throws(TraceFileError) -> ByteStore {
    try MappedFile.open(path(of: file))
  }

  /// The text of a file of the bundle; throws where it cannot be read.
  public func text(of file: String) throws(TraceFileError) -> String {
    try bytes(of: file).withBytes { $0.string(0..<$0.byteCount) }
  }

  /// Compares every file with its checksum; throws at the first that is missing or differs.
  public func verify() throws(TraceFileError) {
    for entry in checksums {
      let path = path(of: entry.file)
      let sum = try Self.checksum(path)
      guard sum == entry.sum else {
        throw TraceFileError(
          .verify, path: path, reason: .damaged("its SHA-256 differs from the list"),
          hint: "the file was changed or damaged after the bundle was written")
      }
    }
  }

  /// The SHA-256 of a file.
  static func checksum(_ path: String) throws(TraceFileError) -> String {
    let store = try MappedFile.open(path)
    var hash = SHA256()
    store.withBytes { hash.update($0) }
    return hash.finish()
  }
}
