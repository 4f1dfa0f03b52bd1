import Analysis

/// Finds the preemption model in force without debugfs.
enum PreemptionModelReader {
  /// The model and where it was read; nil where nothing reports it.
  static func read(
    version: String, realtime: String?, options: BootOptions, config: KernelConfig?
  ) -> (SystemContext.PreemptionModel, String)? {
    let words = Set(SystemFiles.fields(version))
    if realtime == "1" { return (.rt, "/sys/kernel/realtime") }
    if words.contains("PREEMPT_RT") { return (.rt, "uname") }
    let isDynamic =
      words.contains("PREEMPT_DYNAMIC") || config?.value("PREEMPT_DYNAMIC") == "y"
    if isDynamic, let word = options["preempt"],
      let model = SystemContext.PreemptionModel(rawValue: word), model != .rt
    {
      return (model, "boot option preempt=")
    }
    if let config {
      let models: [(String, SystemContext.PreemptionModel)] = [
        ("PREEMPT_RT", .rt), ("PREEMPT_NONE", .none), ("PREEMPT_VOLUNTARY", .voluntary),
        ("PREEMPT_LAZY", .lazy), ("PREEMPT", .full),
      ]
      for (name, model) in models where config.value(name) == "y" {
        return (model, "kernel configuration")
      }
    }
    // Without the dynamic switch the word in the version is the model.
    if words.contains("PREEMPT_LAZY") { return (.lazy, "uname") }
    if words.contains("PREEMPT"), !isDynamic { return (.full, "uname") }
    return nil
  }
}
