extension RawSpan {
  /// The byte at `index`, which must lie in the span.
  @inline(__always) func byte(_ index: Int) -> UInt8 {
    unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self)
  }

  /// The bytes of `range` as text; what is not UTF-8 becomes the replacement character.
  func string(_ range: Range<Int>) -> String {
    let wanted = range.clamped(to: 0..<byteCount)
    return unsafe withUnsafeBytes { all in
      unsafe String(decoding: UnsafeRawBufferPointer(rebasing: all[wanted]), as: UTF8.self)
    }
  }
}
