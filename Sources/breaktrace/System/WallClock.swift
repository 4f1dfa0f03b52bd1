import CRealtime
import Glibc

/// The time of day in the forms that files need.
enum WallClock {
  /// Now in the form of `date -R`: `Fri, 20 Nov 2026 21:47:25 +0000`.
  static var mailDate: String {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let offset = parts.tm_gmtoff / 60
    let zone = (offset < 0 ? "-" : "+") + two(abs(offset) / 60) + two(abs(offset) % 60)
    return "\(days[Int(parts.tm_wday) % 7]), \(two(Int(parts.tm_mday))) "
      + "\(months[Int(parts.tm_mon) % 12]) \(parts.tm_year + 1900) "
      + "\(two(Int(parts.tm_hour))):\(two(Int(parts.tm_min))):\(two(Int(parts.tm_sec))) \(zone)"
  }

  private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
