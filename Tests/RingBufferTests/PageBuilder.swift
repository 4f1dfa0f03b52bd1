import RingBuffer

/// Builds sub-buffer pages record by record, as the kernel would write them.
struct PageBuilder {
  var byteOrder = ByteOrder.little
  var commitSize = 8
  var pageSize = 4096
  var timestamp: UInt64
  var data: [UInt8] = []
  var flags: UInt64 = 0
  var stored: UInt64?

  init(
    timestamp: UInt64, byteOrder: ByteOrder = .little, commitSize: Int = 8, pageSize: Int = 4096
  ) {
    self.timestamp = timestamp
    self.byteOrder = byteOrder
    self.commitSize = commitSize
    self.pageSize = pageSize
  }

  func number(_ value: UInt64, _ size: Int) -> [UInt8] {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    return byteOrder == .little ? bytes : bytes.reversed()
  }

  func number(_ value: Int64, _ size: Int) -> [UInt8] { number(UInt64(bitPattern: value), size) }

  /// The common fields: type, flags, preempt count, pid.
  func common(id: UInt16, flags: UInt8 = 0, preempt: UInt8 = 0, pid: Int32 = 7) -> [UInt8] {
    number(UInt64(id), 2) + [flags, preempt] + number(Int64(pid), 4)
  }

  private func word(_ type: UInt64, _ delta: UInt64) -> [UInt8] {
    number(byteOrder == .little ? delta << 5 | type : type << 27 | delta, 4)
  }

  private static func padded(_ bytes: [UInt8]) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
  }

  mutating func event(delta: UInt64, _ bytes: [UInt8]) {
    let body = Self.padded(bytes)
    if body.count <= 112 {
      data += word(UInt64(body.count / 4), delta) + body
    } else {
      data += word(0, delta) + number(UInt64(body.count + 4), 4) + body
    }
  }

  mutating func extend(_ delta: UInt64) {
    data += word(30, delta & 0x7ff_ffff) + number(delta >> 27, 4)
  }

  mutating func absolute(_ time: UInt64) {
    data += word(31, time & 0x7ff_ffff) + number((time >> 27) & 0xffff_ffff, 4)
  }

  mutating func padding(delta: UInt64, bytes: Int) {
    data += word(29, delta) + number(UInt64(bytes + 4), 4) + [UInt8](repeating: 0xee, count: bytes)
  }

  mutating func lost(_ count: UInt64?) {
    flags = count == nil ? 0x8000_0000 : 0xc000_0000
    stored = count
  }

  var page: [UInt8] {
    var page = number(timestamp, 8) + number(flags | UInt64(data.count), commitSize) + data
    if let stored { page += number(stored, commitSize) }
    return page + [UInt8](repeating: 0, count: max(0, pageSize - page.count))
  }
}
