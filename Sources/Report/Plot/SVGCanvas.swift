/// The frame that all SVG plots share: paper, axes with units, heading.
struct SVGCanvas {
  let width = 1_040.0
  let height = 560.0
  let left = 88.0
  let top = 56.0
  let right: Double
  let bottom = 64.0
  private var parts: [String] = []

  /// A canvas whose legend takes `legend` at the right.
  init(legend: Double, title: String, subtitle: String) {
    right = legend + 24
    text(left, 26, title, size: 18, weight: "bold")
    text(left, 45, subtitle, size: 12, color: "#555555")
  }

  /// Where the plot area begins and ends.
  var area: (x: Double, y: Double, width: Double, height: Double) {
    (left, top, width - left - right, height - top - bottom)
  }

  /// The x of a position between 0 and 1.
  func x(_ position: Double) -> Double { left + position * area.width }

  /// The y of a position between 0 (bottom) and 1.
  func y(_ position: Double) -> Double { top + (1 - position) * area.height }

  /// Adds an element.
  mutating func add(_ element: String) { parts.append(element) }

  /// Adds a text.
  mutating func text(
    _ x: Double, _ y: Double, _ content: String, size: Int = 12, anchor: String = "start",
    color: String = "#222222", weight: String = "normal", rotate: Bool = false
  ) {
    let turned =
      rotate ? " transform=\"rotate(-90 \(PlotText.number(x)) \(PlotText.number(y)))\"" : ""
    add(
      "<text x=\"\(PlotText.number(x))\" y=\"\(PlotText.number(y))\" font-size=\"\(size)\" "
        + "text-anchor=\"\(anchor)\" fill=\"\(color)\" font-weight=\"\(weight)\"\(turned)>"
        + PlotText.escaped(content) + "</text>")
  }

  /// Adds a line.
  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, color: String, width: Double = 1
  ) {
    add(
      "<line x1=\"\(PlotText.number(x1))\" y1=\"\(PlotText.number(y1))\" "
        + "x2=\"\(PlotText.number(x2))\" y2=\"\(PlotText.number(y2))\" stroke=\"\(color)\" "
        + "stroke-width=\"\(PlotText.number(width))\"/>")
  }

  /// Adds both axes with grid, marks and names.
  mutating func axes(
    horizontal: PlotScale, _ horizontalName: String, vertical: PlotScale, _ verticalName: String
  ) {
    for mark in horizontal.marks {
      let x = x(horizontal.position(mark.value))
      let isLarge = !mark.label.isEmpty
      if isLarge { line(x, top, x, y(0), color: "#e2e2e2") }
      line(x, y(0), x, y(0) + (isLarge ? 6 : 3), color: "#222222")
      if isLarge { text(x, y(0) + 21, mark.label, anchor: "middle") }
    }
    for mark in vertical.marks {
      let y = y(vertical.position(mark.value))
      let isLarge = !mark.label.isEmpty
      line(left, y, left + area.width, y, color: isLarge ? "#d5d5d5" : "#f1f1f1")
      line(left - (isLarge ? 6 : 3), y, left, y, color: "#222222")
      if isLarge { text(left - 10, y + 4, mark.label, anchor: "end") }
    }
    line(left, top, left, y(0), color: "#222222")
    line(left, y(0), left + area.width, y(0), color: "#222222")
    text(left + area.width / 2, height - 18, horizontalName, size: 13, anchor: "middle")
    text(24, top + area.height / 2, verticalName, size: 13, anchor: "middle", rotate: true)
  }

  /// The file.
  var svg: String {
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Int(width))\" height=\"\(Int(height))\" "
      + "viewBox=\"0 0 \(Int(width)) \(Int(height))\" font-family=\"sans-serif\">\n"
      + "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
      + parts.joined(separator: "\n") + "\n</svg>\n"
  }
}
