internal import Glibc

/// An axis: from values to positions between 0 and 1, and where its marks are.
struct PlotScale: Hashable, Sendable {
  /// A mark on the axis.
  struct Mark: Hashable, Sendable {
    var value: Double
    /// Empty for a small mark.
    var label: String
  }

  /// The value at position 0.
  let low: Double
  /// The value at position 1, above `low`.
  let high: Double
  /// Whether positions go with the logarithm.
  let isLogarithmic: Bool

  /// A linear axis from `low` to a round value at or above `high`.
  init(linear low: Double, _ high: Double) {
    self.low = low
    let step = Self.step(max(high - low, 1e-9), marks: 8)
    self.high = max(low + step, ((high - low) / step).rounded(.up) * step + low)
    isLogarithmic = false
  }

  /// A logarithmic axis from the power of ten at or below `low` to the one at or above `high`.
  init(logarithmic low: Double, _ high: Double) {
    let first = log10(max(low, 1e-9)).rounded(.down)
    let last = max(first + 1, log10(max(high, 1e-9)).rounded(.up))
    self.low = pow(10, first)
    self.high = pow(10, last)
    isLogarithmic = true
  }

  /// A logarithmic axis of counts, from a little below 1, so that a single one is visible, to the
  /// power of ten at or above `high`.
  init(counts high: Double) {
    low = 0.7
    self.high = pow(10, max(1, log10(max(high, 1)).rounded(.up)))
    isLogarithmic = true
  }

  /// The position of a value, held between 0 and 1.
  func position(_ value: Double) -> Double {
    let position =
      isLogarithmic
      ? (log10(max(value, low)) - log10(low)) / (log10(high) - log10(low))
      : (value - low) / (high - low)
    return min(1, max(0, position))
  }

  /// The value at a position.
  func value(at position: Double) -> Double {
    isLogarithmic
      ? pow(10, log10(low) + position * (log10(high) - log10(low)))
      : low + position * (high - low)
  }

  /// The marks, labelled ones at round values.
  var marks: [Mark] {
    if isLogarithmic {
      var marks: [Mark] = []
      var decade = pow(10, log10(low).rounded(.up))
      while decade <= high * 1.0001 {
        marks.append(Mark(value: decade, label: PlotText.count(decade)))
        for factor in 2...9 where decade * Double(factor) < high {
          marks.append(Mark(value: decade * Double(factor), label: ""))
        }
        decade *= 10
      }
      return marks
    }
    let step = Self.step(high - low, marks: 8)
    var marks: [Mark] = []
    var value = (low / step).rounded(.up) * step
    while value <= high + step / 1_000, marks.count < 50 {
      marks.append(Mark(value: value, label: PlotText.number(value)))
      value += step
    }
    return marks
  }

  /// A round step that gives about `marks` marks.
  private static func step(_ span: Double, marks: Double) -> Double {
    let rough = span / marks
    let decade = pow(10, log10(rough).rounded(.down))
    for factor in [1.0, 2, 5] where rough <= factor * decade { return factor * decade }
    return 10 * decade
  }
}
