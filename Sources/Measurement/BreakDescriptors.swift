/// The open descriptors that the thread that takes the break writes to, in this order.
///
/// They stay open, and belong to the caller, until the engine is joined.
public struct BreakDescriptors: Sendable {
  /// `trace_marker` of the events' instance, -1 for none: gets the marker line.
  public var marker: Int32
  /// `tracing_on` files: each gets "0".
  public private(set) var tracingOn: InlineArray<4, Int32>
  /// How many of `tracingOn` are used.
  public private(set) var tracingOnCount: Int
  /// An eventfd(2) of the caller, -1 for none: gets 1 (beside `Engine.wakeDescriptor`).
  public var wake: Int32

  /// Most `tracing_on` descriptors.
  public static let capacity = 4

  /// Makes a set; more than `capacity` descriptors in `tracingOn` are a programming error.
  public init(marker: Int32 = -1, tracingOn: [Int32] = [], wake: Int32 = -1) {
    precondition(tracingOn.count <= Self.capacity, "at most 4 tracing_on descriptors")
    self.marker = marker
    self.wake = wake
    self.tracingOn = InlineArray(repeating: -1)
    self.tracingOnCount = tracingOn.count
    for (index, descriptor) in tracingOn.enumerated() { self.tracingOn[index] = descriptor }
  }
}
