/// The kernel's second buffer, which it can exchange for the first at once
/// (CONFIG_TRACER_SNAPSHOT).
extension ArmedInstance {
  /// Whether there is a spare buffer.
  public var hasSpare: Bool { items.contains { $0.kind == .spare && $0.error == nil } }

  /// Makes the full buffer the spare one, and the other way round. Recording is as on or off as
  /// before.
  ///
  /// - Throws: what the kernel says, for example because the buffer is mapped; nothing is exchanged
  ///   then.
  public func swapBuffers() throws(TracefsError) { try files.write("1", to: file("snapshot")) }

  /// Empties the spare buffer and keeps it.
  public func emptySpare() throws(TracefsError) { try files.write("2", to: file("snapshot")) }

  /// Where the raw pages of a CPU's spare buffer are read.
  public func sparePagesPath(cpu: Int) -> String { file("per_cpu/cpu\(cpu)/snapshot_raw") }
}
