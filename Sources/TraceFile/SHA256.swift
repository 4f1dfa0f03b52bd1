/// The SHA-256 of FIPS 180-4, for a bundle's checksums.
public struct SHA256: Sendable {
  private var state: [UInt32] = [
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
    0x5be0_cd19,
  ]
  private var block: [UInt8] = []
  private var count: UInt64 = 0

  /// Makes the hash of nothing.
  public init() { block.reserveCapacity(64) }

  /// Adds bytes.
  public mutating func update(_ bytes: RawSpan) {
    count &+= UInt64(bytes.byteCount)
    var index = 0
    while index < bytes.byteCount {
      if block.isEmpty, bytes.byteCount - index >= 64 {
        compress(bytes, at: index)
        index += 64
        continue
      }
      let taken = min(64 - block.count, bytes.byteCount - index)
      for offset in index..<index + taken { block.append(bytes.byte(offset)) }
      index += taken
      flushWholeBlock()
    }
  }

  private mutating func flushWholeBlock() {
    guard block.count == 64 else { return }
    let whole = block
    unsafe compress(whole.span.bytes, at: 0)
    block.removeAll(keepingCapacity: true)
  }

  /// The hash of all that was added, as 64 hexadecimal digits.
  public consuming func finish() -> String {
    let bits = count &* 8
    block.append(0x80)
    flushWholeBlock()
    while block.count != 56 {
      block.append(0)
      flushWholeBlock()
    }
    for shift in stride(from: UInt64(56), through: 0, by: -8) {
      block.append(UInt8(truncatingIfNeeded: bits >> shift))
    }
    flushWholeBlock()
    return state.map { word in
      let text = String(word, radix: 16)
      return String(repeating: "0", count: 8 - text.utf8.count) + text
    }.joined()
  }

  /// The hash of a text or other bytes.
  public static func hex(_ bytes: [UInt8]) -> String {
    var hash = SHA256()
    unsafe hash.update(bytes.span.bytes)
    return hash.finish()
  }

  private mutating func compress(_ bytes: RawSpan, at start: Int) {
    var schedule: InlineArray<64, UInt32> = .init(repeating: 0)
    for index in 0..<16 {
      let at = start + 4 * index
      schedule[index] =
        UInt32(bytes.byte(at)) << 24 | UInt32(bytes.byte(at + 1)) << 16
        | UInt32(bytes.byte(at + 2)) << 8 | UInt32(bytes.byte(at + 3))
    }
    func rotated(_ value: UInt32, _ bits: UInt32) -> UInt32 {
      value >> bits | value << (32 - bits)
    }
    for index in 16..<64 {
      let early = schedule[index - 15]
      let late = schedule[index - 2]
      let first = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3
      let second = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10
      schedule[index] = schedule[index - 16] &+ first &+ schedule[index - 7] &+ second
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for index in 0..<64 {
      let sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
      let choice = (e & f) ^ (~e & g)
      let first = h &+ sum1 &+ choice &+ Self.constants[index] &+ schedule[index]
      let sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
      let majority = (a & b) ^ (a & c) ^ (b & c)
      (h, g, f, e) = (g, f, e, d &+ first)
      (d, c, b, a) = (c, b, a, first &+ sum0 &+ majority)
    }
    state[0] &+= a
    state[1] &+= b
    state[2] &+= c
    state[3] &+= d
    state[4] &+= e
    state[5] &+= f
    state[6] &+= g
    state[7] &+= h
  }

  private static let constants: [UInt32] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
    0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
    0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
    0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
    0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
    0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
    0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
    0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
    0xc671_78f2,
  ]
}
