import TraceModel

/// Sets of time as ordered spans that do not touch; every operation is linear.
enum Spans {
  /// The same set of time in order, without overlap and without empty spans.
  static func merged(_ spans: [TimeSpan]) -> [TimeSpan] {
    var result: [TimeSpan] = []
    for span in spans.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) })
    where span.start < span.end {
      if let last = result.last, span.start <= last.end {
        result[result.count - 1].end = max(last.end, span.end)
      } else {
        result.append(span)
      }
    }
    return result
  }

  /// What is in both; both merged.
  static func intersection(_ a: [TimeSpan], _ b: [TimeSpan]) -> [TimeSpan] {
    var result: [TimeSpan] = []
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
      if let part = a[i].clipped(to: b[j]) { result.append(part) }
      if a[i].end <= b[j].end { i += 1 } else { j += 1 }
    }
    return result
  }

  /// What is in `a` and not in `b`; both merged.
  static func subtracting(_ b: [TimeSpan], from a: [TimeSpan]) -> [TimeSpan] {
    var result: [TimeSpan] = []
    var j = 0
    for span in a {
      var start = span.start
      while j < b.count, b[j].end <= start { j += 1 }
      var k = j
      while k < b.count, b[k].start < span.end {
        if b[k].start > start { result.append(TimeSpan(start, b[k].start)) }
        start = max(start, b[k].end)
        k += 1
      }
      if start < span.end { result.append(TimeSpan(start, span.end)) }
    }
    return result
  }

  /// The sum of the lengths.
  static func length(_ spans: [TimeSpan]) -> Nanoseconds {
    spans.reduce(.zero) { $0 + $1.length }
  }
}
