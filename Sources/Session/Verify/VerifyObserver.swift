public import Report

/// What a verification reports while it goes on.
public struct VerifyObserver {
  /// A fault is about to be injected.
  public var begin: (VerifyFault) -> Void = { _ in }
  /// A round has been judged.
  public var round: (VerifyFault, VerifyRow.Round) -> Void = { _, _ in }
  /// A spike came that the fault did not make; its report's first sentence.
  public var other: (VerifyFault, String) -> Void = { _, _ in }
  /// A fault is done with.
  public var end: (VerifyRow) -> Void = { _ in }
  /// Something the user should know.
  public var remark: (String) -> Void = { _ in }

  /// Makes an observer that ignores everything.
  public init() {}
}
