internal import CZlib
internal import CZstd
public import RingBuffer

/// Files packed as a whole with gzip or zstd.
public enum PackedFile {
  /// The unpacked bytes of the file at `path`; nil where it is not packed or a directory.
  ///
  /// What a cut or damaged file still gives is returned. Throws where it gives nothing, becomes
  /// more than 8 GiB, or cannot be kept.
  public static func open(_ path: String) throws(TraceFileError) -> ByteStore? {
    let store: ByteStore
    do throws(TraceFileError) {
      store = try MappedFile.open(path)
    } catch {
      return nil
    }
    var problem: String?
    return try unpacked(store, path: path, problem: &problem)
  }

  /// The unpacked bytes; nil where they are not packed. `problem` says where unpacking ended before
  /// the file's end.
  public static func unpacked(
    _ store: ByteStore, path: String, problem: inout String?
  ) throws(TraceFileError) -> ByteStore? {
    var isWhole = true
    let head = store.withBytes(in: 0..<min(4, store.count)) { bytes in
      (0..<bytes.byteCount).map { bytes.byte($0) }
    }
    let collected = CollectedBytes(of: path)
    if head.starts(with: [0x1f, 0x8b]) {
      try store.withBytes { (span) throws(TraceFileError) in
        try unsafe span.withUnsafeBytes { (source) throws(TraceFileError) in
          isWhole = try unsafe gunzip(source, collected)
        }
      }
    } else if head == [0x28, 0xb5, 0x2f, 0xfd] {
      try store.withBytes { (span) throws(TraceFileError) in
        try unsafe span.withUnsafeBytes { (source) throws(TraceFileError) in
          isWhole = try unsafe unzstd(source, collected)
        }
      }
    } else {
      return nil
    }
    guard collected.count > 0 else {
      throw TraceFileError(
        .read, path: path,
        reason: .damaged("it is compressed, and decompressing it gives nothing usable"),
        hint: "decompress it by hand to see why (gunzip, unzstd)")
    }
    if !isWhole {
      problem =
        "the compressed file is truncated or damaged, only \(collected.count) bytes were decompressed"
    }
    return try collected.finish()
  }

  private static let chunkSize = 1 << 18

  /// Whether all of it could be unpacked.
  @unsafe private static func gunzip(
    _ source: UnsafeRawBufferPointer, _ collected: CollectedBytes
  ) throws(TraceFileError) -> Bool {
    var stream = unsafe z_stream()
    guard
      unsafe inflateInit2_(
        &stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return false }
    defer { unsafe inflateEnd(&stream) }
    guard let base = source.baseAddress else { return false }
    unsafe stream.next_in = UnsafeMutablePointer(
      mutating: base.assumingMemoryBound(to: Bytef.self))
    // zlib counts in 32 bits.
    var left = source.count
    var chunk = [UInt8](repeating: 0, count: chunkSize)
    while true {
      if unsafe stream.avail_in == 0 {
        unsafe stream.avail_in = uInt(min(left, 1 << 30))
        left -= Int(unsafe stream.avail_in)
      }
      let (status, made): (Int32, Int) = unsafe chunk.withUnsafeMutableBufferPointer { room in
        unsafe stream.next_out = room.baseAddress
        unsafe stream.avail_out = uInt(room.count)
        let status = unsafe inflate(&stream, Z_NO_FLUSH)
        return unsafe (status, room.count - Int(stream.avail_out))
      }
      try collected.append(chunk, made)
      if status == Z_STREAM_END {
        // Several members may follow each other.
        guard unsafe stream.avail_in > 0 || left > 0, unsafe inflateReset(&stream) == Z_OK else {
          return true
        }
      } else if status != Z_OK || made == 0 {
        return false
      }
    }
  }

  /// Whether all of it could be unpacked.
  @unsafe private static func unzstd(
    _ source: UnsafeRawBufferPointer, _ collected: CollectedBytes
  ) throws(TraceFileError) -> Bool {
    guard let stream = unsafe ZSTD_createDStream() else { return false }
    var hint = 1
    defer { _ = unsafe ZSTD_freeDStream(stream) }
    var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
    var chunk = [UInt8](repeating: 0, count: chunkSize)
    while true {
      let (status, made): (Int, Int) = unsafe chunk.withUnsafeMutableBytes { room in
        var output = unsafe ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        let status = unsafe ZSTD_decompressStream(stream, &output, &input)
        return unsafe (status, output.pos)
      }
      try collected.append(chunk, made)
      guard ZSTD_isError(status) == 0 else { return false }
      // 0 at a frame's end, else how much more it wants.
      if unsafe made > 0 || input.pos < input.size || status == 0 { hint = status }
      guard unsafe made > 0 || input.pos < input.size else { return hint == 0 }
    }
  }
}
