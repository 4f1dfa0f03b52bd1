/// A task's name as the kernel keeps it (`TASK_COMM_LEN`), in two words with zeros after its end.
public enum PackedComm {
  /// The name as text, up to the first zero; bytes that are not UTF-8 are replaced.
  ///
  /// - Parameters:
  ///   - low: Bytes 0...7, the first in the lowest bits.
  ///   - high: Bytes 8...15.
  public static func text(_ low: UInt64, _ high: UInt64) -> String {
    var bytes: [UInt8] = []
    for word in [low, high] {
      for index in 0..<8 {
        let byte = UInt8(truncatingIfNeeded: word >> UInt64(index * 8))
        if byte == 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
