internal import CZlib
internal import CZstd
public import RingBuffer

/// Files packed as a whole with gzip or zstd.
public enum PackedFile {
  /// Bytes that a packed file may become.
  static let limit = 1 << 31

  /// The unpacked bytes of the file at `path`; nil where it is not packed or a directory.
  ///
  /// What a cut or damaged file still gives is returned. Throws where the file cannot be opened, gives nothing,
  /// or becomes more than 2 GiB.
  public static func open(_ path: String) throws(TraceFileError) -> ByteStore? {
    let store: ByteStore
    do throws(TraceFileError) {
      store = try MappedFile.open(path)
    } catch {
      return nil
    }
    return try unpacked(store, path: path)
  }

  /// The unpacked bytes; nil where they are not packed.
  public static func unpacked(
    _ store: ByteStore, path: String
  ) throws(TraceFileError) -> ByteStore? {
    let head = store.withBytes(in: 0..<min(4, store.count)) { bytes in
      (0..<bytes.byteCount).map { bytes.byte($0) }
    }
    let bytes: [UInt8]?
    if head.starts(with: [0x1f, 0x8b]) {
      bytes = store.withBytes { span in
        unsafe span.withUnsafeBytes { source in unsafe gunzip(source) }
      }
    } else if head == [0x28, 0xb5, 0x2f, 0xfd] {
      bytes = store.withBytes { span in
        unsafe span.withUnsafeBytes { source in unsafe unzstd(source) }
      }
    } else {
      return nil
    }
    guard let bytes, !bytes.isEmpty else {
      throw TraceFileError(
        .read, path: path, reason: .damaged("it is packed, and unpacking it gives nothing usable"),
        hint: "unpack it by hand to see why (gunzip, unzstd); more than 2 GiB are not unpacked")
    }
    return ByteStore(bytes)
  }

  @unsafe private static func gunzip(_ source: UnsafeRawBufferPointer) -> [UInt8]? {
    var stream = unsafe z_stream()
    guard
      unsafe inflateInit2_(
        &stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { unsafe inflateEnd(&stream) }
    guard let base = source.baseAddress, source.count <= Int(UInt32.max) else { return nil }
    unsafe stream.next_in = UnsafeMutablePointer(
      mutating: base.assumingMemoryBound(to: Bytef.self))
    unsafe stream.avail_in = uInt(source.count)
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let (status, made): (Int32, Int) = unsafe chunk.withUnsafeMutableBufferPointer { room in
        unsafe stream.next_out = room.baseAddress
        unsafe stream.avail_out = uInt(room.count)
        let status = unsafe inflate(&stream, Z_NO_FLUSH)
        return unsafe (status, room.count - Int(stream.avail_out))
      }
      result += chunk[..<made]
      guard result.count <= limit else { return nil }
      if status == Z_STREAM_END {
        // Several members may stand one behind the other.
        guard unsafe stream.avail_in > 0, unsafe inflateReset(&stream) == Z_OK else {
          return result
        }
      } else if status != Z_OK || made == 0 {
        return result
      }
    }
  }

  @unsafe private static func unzstd(_ source: UnsafeRawBufferPointer) -> [UInt8]? {
    guard let stream = unsafe ZSTD_createDStream() else { return nil }
    defer { _ = unsafe ZSTD_freeDStream(stream) }
    var input = unsafe ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
    var result: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let (status, made): (Int, Int) = unsafe chunk.withUnsafeMutableBytes { room in
        var output = unsafe ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        let status = unsafe ZSTD_decompressStream(stream, &output, &input)
        return unsafe (status, output.pos)
      }
      result += chunk[..<made]
      guard result.count <= limit else { return nil }
      guard ZSTD_isError(status) == 0, unsafe made > 0 || input.pos < input.size else {
        return result
      }
      if made == 0, status == 0, unsafe input.pos >= input.size { return result }
    }
  }
}
