import Testing

/// The suites that measure with real processes, one after the other: real-time threads of one would
/// delay another's.
@Suite(.serialized) enum ProcessTests {}
