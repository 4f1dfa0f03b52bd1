/// The colours of plots.
enum PlotColors {
  /// Eight colours that people with colour blindness can distinguish (Okabe and Ito), black last.
  private static let few = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7b4b00", "#000000",
  ]

  /// The colour of series `index` of `count`.
  static func series(_ index: Int, of count: Int) -> String {
    if count <= few.count { return few[index % few.count] }
    // Hues in golden steps, so that neighbours differ; two lightnesses.
    let hue = (Double(index) * 137.508).truncatingRemainder(dividingBy: 360)
    return rgb(hue: hue, saturation: 0.75, lightness: index % 2 == 0 ? 0.38 : 0.5)
  }

  /// The colour of a share between 0 and 1, from light to dark.
  static func heat(_ share: Double) -> String {
    let stops: [(Double, Double, Double)] = [
      (253, 231, 37), (94, 201, 98), (33, 145, 140), (59, 82, 139), (68, 1, 84),
    ]
    let position = min(1, max(0, share)) * Double(stops.count - 1)
    let index = min(stops.count - 2, Int(position))
    let rest = position - Double(index)
    let (a, b) = (stops[index], stops[index + 1])
    return hex(a.0 + (b.0 - a.0) * rest, a.1 + (b.1 - a.1) * rest, a.2 + (b.2 - a.2) * rest)
  }

  private static func rgb(hue: Double, saturation: Double, lightness: Double) -> String {
    let chroma = (1 - abs(2 * lightness - 1)) * saturation
    let sector = hue / 60
    let middle = chroma * (1 - abs(sector.truncatingRemainder(dividingBy: 2) - 1))
    let base = lightness - chroma / 2
    let (red, green, blue): (Double, Double, Double) =
      switch Int(sector) {
      case 0: (chroma, middle, 0)
      case 1: (middle, chroma, 0)
      case 2: (0, chroma, middle)
      case 3: (0, middle, chroma)
      case 4: (middle, 0, chroma)
      default: (chroma, 0, middle)
      }
    return hex((red + base) * 255, (green + base) * 255, (blue + base) * 255)
  }

  private static func hex(_ red: Double, _ green: Double, _ blue: Double) -> String {
    func two(_ value: Double) -> String {
      let text = String(Int(min(255, max(0, value)).rounded()), radix: 16)
      return text.count == 1 ? "0" + text : text
    }
    return "#" + two(red) + two(green) + two(blue)
  }
}
