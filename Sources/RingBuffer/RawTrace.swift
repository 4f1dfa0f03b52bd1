/// Order of the bytes in a trace's pages.
public enum ByteOrder: Hashable, Sendable { case little, big }

/// The text of one event's `format` file.
public struct FormatText: Hashable, Sendable {
  /// The event's system (`sched`, `ftrace`).
  public var system: String
  /// The file's whole text, where it was read to: a kernel has thousands, and few are needed.
  public var stored: StoredText

  /// The file's whole text; what is not UTF-8 becomes the replacement character.
  public var text: String {
    get { stored.text }
    set { stored = StoredText(newValue) }
  }

  /// Memberwise.
  public init(system: String, text: String) { self.init(system: system, stored: StoredText(text)) }

  /// Makes a value of a text that stays where it is.
  public init(system: String, stored: StoredText) {
    self.system = system
    self.stored = stored
  }

  /// The same system and text.
  public static func == (one: FormatText, other: FormatText) -> Bool {
    one.system == other.system && one.text == other.text
  }

  /// Hashes system and text.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(system)
    hasher.combine(text)
  }
}

/// The sub-buffer pages of one CPU, oldest first, each `RawTrace.pageSize` bytes.
public struct CPUPages: Sendable {
  /// The CPU.
  public var cpu: Int
  /// Where the pages are.
  public var store: ByteStore
  /// The pages' bytes in the store.
  public var range: Range<Int>

  /// Makes a value; without `range` the pages are all of the store.
  public init(cpu: Int, store: ByteStore, range: Range<Int>? = nil) {
    self.cpu = cpu
    self.store = store
    self.range = range ?? 0..<store.count
  }
}

/// A trace before decoding: the same value for a live buffer and for one read from a file.
public struct RawTrace: Sendable {
  /// Byte order of the machine that wrote the pages.
  public var byteOrder: ByteOrder
  /// Size of the kernel's `long`, 4 or 8.
  public var longSize: Int
  /// Bytes of one sub-buffer page.
  public var pageSize: Int
  /// The text of `events/header_page`.
  public var headerPage: String
  /// The text of `events/header_event`.
  public var headerEvent: String
  /// Texts of the `format` files.
  public var formats: [FormatText]
  /// pid to comm: `saved_cmdlines`.
  public var comms: [Int32: String]
  /// Text in the format of /proc/kallsyms; may hold only the part that the trace needs.
  public var symbols: String {
    get { symbolText.text }
    set { symbolText = StoredText(newValue) }
  }
  /// The same, not copied out of its file.
  public var symbolText: StoredText
  /// The text of `printk_formats`.
  public var printkFormats: String
  /// Name of the trace clock, empty where it is not known.
  public var clock: String
  /// The pages of each CPU.
  public var cpus: [CPUPages]

  /// Makes a trace of this machine's byte order and word size.
  public init(
    byteOrder: ByteOrder = .little, longSize: Int = 8, pageSize: Int = 4096, headerPage: String,
    headerEvent: String = "", formats: [FormatText], comms: [Int32: String] = [:],
    symbols: String = "", printkFormats: String = "", clock: String = "", cpus: [CPUPages]
  ) {
    self.byteOrder = byteOrder
    self.longSize = longSize
    self.pageSize = pageSize
    self.headerPage = headerPage
    self.headerEvent = headerEvent
    self.formats = formats
    self.comms = comms
    symbolText = StoredText(symbols)
    self.printkFormats = printkFormats
    self.clock = clock
    self.cpus = cpus
  }
}
