internal import RingBuffer

/// Bytes of a file being put together in a given byte order.
struct ByteBuilder {
  var bytes: [UInt8] = []
  let order: ByteOrder

  init(order: ByteOrder) { self.order = order }

  /// Appends the low `size` bytes of `value`.
  mutating func number(_ value: UInt64, _ size: Int) {
    for index in 0..<size {
      let shift = UInt64(8 * (order == .little ? index : size - 1 - index))
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func cString(_ text: String) {
    bytes.append(contentsOf: text.utf8)
    bytes.append(0)
  }

  /// A text after its size.
  mutating func sized(_ text: String, _ size: Int) {
    number(UInt64(text.utf8.count), size)
    self.text(text)
  }

  /// An option of a version 6 file.
  mutating func option(_ option: TraceDatOption, _ data: [UInt8]) {
    number(UInt64(option.rawValue), 2)
    number(UInt64(data.count), 4)
    bytes.append(contentsOf: data)
  }
}
