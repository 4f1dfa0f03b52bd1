/// Where waits below the threshold are left out.
public enum RunQueueFilterPlace: String, CaseIterable, Sendable {
  /// In the kernel where it has what is needed and nothing is requested that only all events show;
  /// otherwise here.
  case auto
  /// In the kernel: a synthetic event for each long wait; the other events are read only where one
  /// came.
  case kernel
  /// Here: all events are read, all waits are counted.
  case pages
}
