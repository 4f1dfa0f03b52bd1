/// Changes bytes the way that finds parsers' faults: bits, borders of numbers, moved and cut
/// pieces.
public struct Mutator {
  public var random: XorShift
  private static let borders: [UInt32] = [
    0, 1, 3, 4, 28, 29, 30, 31, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xc000_0000,
    0xffff_ffff, 0xffff_fffc,
  ]

  private static let signs = Array("0123456789;:()[]{}\"\\|&-, \n\t*".utf8)

  public init(seed: UInt64) { random = XorShift(seed: seed) }

  /// Changes `bytes` in place, one to eight times; undone by the caller who keeps the original.
  public mutating func change(_ bytes: inout [UInt8]) {
    for _ in 0...random.below(8) where !bytes.isEmpty {
      let at = random.below(bytes.count)
      switch random.below(8) {
      case 0: bytes[at] ^= 1 << UInt8(random.below(8))
      case 1: bytes[at] = UInt8(truncatingIfNeeded: random.next())
      case 2, 3:
        let value = Self.borders[random.below(Self.borders.count)]
        let start = at & ~3
        for index in 0..<4 where start + index < bytes.count {
          bytes[start + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8))
        }
      case 4:
        // The head decides most: change it more often than its share of bytes.
        bytes[random.below(min(24, bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      case 5:
        let from = random.below(bytes.count)
        let count = min(random.below(64), bytes.count - max(at, from))
        for index in 0..<count { bytes[at + index] = bytes[from + index] }
      case 6:
        let end = min(bytes.count, at + random.below(64))
        for index in at..<end { bytes[index] = 0 }
      default:
        let start = at & ~3
        bytes[start] = UInt8(random.below(32)) | bytes[start] & 0xe0
      }
    }
  }

  /// Changes a text: as bytes, and by leaving out or repeating a piece.
  public mutating func changeText(_ bytes: inout [UInt8]) {
    for _ in 0...random.below(3) where !bytes.isEmpty {
      let at = random.below(bytes.count)
      let end = min(bytes.count, at + 1 + random.below(24))
      switch random.below(6) {
      case 0: bytes[at] ^= 1 << UInt8(random.below(8))
      case 1: bytes[at] = Self.signs[random.below(Self.signs.count)]
      case 2: bytes.removeSubrange(at..<end)
      case 3: bytes.insert(contentsOf: bytes[at..<end], at: random.below(bytes.count))
      case 4: bytes.insert(contentsOf: Array("99999999999999999999".utf8), at: at)
      default: bytes.removeLast(random.below(bytes.count))
      }
    }
  }
}
