/// The one form of an error message: `what failed on what: why; what to do next`.
///
/// Every typed error of the program makes its description here.
public enum ErrorLine {
  /// One line without a line end.
  ///
  /// - Parameters:
  ///   - failure: What failed, and on what: `cannot open trace.dat`.
  ///   - reasons: Why, the system's reason first; nil and empty ones are left out.
  ///   - next: What to do next; may be empty.
  public static func text(_ failure: String, because reasons: [String?], next: String? = nil)
    -> String
  {
    let why = reasons.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ", ")
    let remedy = next ?? ""
    return failure + (why.isEmpty ? "" : ": " + why) + (remedy.isEmpty ? "" : "; " + remedy)
  }
}
