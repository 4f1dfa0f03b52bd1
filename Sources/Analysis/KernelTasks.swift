/// Kernel threads by name.
enum KernelTasks {
  /// The stopper and what takes CPUs away.
  static func isStopper(_ comm: String) -> Bool {
    comm.hasPrefix("migration/") || comm.hasPrefix("cpuhp/") || comm.hasPrefix("stopper/")
  }

  /// Threads that do the work of interrupts and softirqs.
  static func servesInterrupts(_ comm: String) -> Bool {
    ["irq/", "ktimers/", "ktimersoftd/", "ksoftirqd/", "irq_work/"].contains(where: comm.hasPrefix)
  }

  /// Threads of RCU.
  static func isRCU(_ comm: String) -> Bool {
    ["rcuc/", "rcub/", "rcuo", "rcu_preempt", "rcu_sched", "rcu_exp"].contains(
      where: comm.hasPrefix)
  }

  /// Whether a name is one that kernel threads have; a program may take it too.
  static func isKernelThread(_ comm: String) -> Bool {
    servesInterrupts(comm) || isStopper(comm) || isWorker(comm) || comm.hasPrefix("rcu")
      || comm.hasPrefix("kswapd")
  }

  /// Workers of the workqueues; their names are shared and change, the work's function is what
  /// counts.
  static func isWorker(_ comm: String) -> Bool { comm.hasPrefix("kworker/") }
}
