import Analysis
import Report
import Session
import Testing

/// What the kernel runs on, read from made-up trees; only what was seen is said.
@Suite struct PlatformReaderTests {
  typealias Platform = SystemContext.Platform

  private static let flag = ["/proc/cpuinfo": "vendor_id : X\nflags : fpu hypervisor\n"]
  private static let noFlag = ["/proc/cpuinfo": "vendor_id : X\nflags : fpu sse\n"]
  private static let arm = [
    "/proc/cpuinfo": "processor : 0\nFeatures : fp asimd\nCPU implementer : 0x41\n",
    "/proc/sys/kernel/arch": "aarch64\n",
  ]
  private static let vendor = "/sys/class/dmi/id/sys_vendor"
  private static let product = "/sys/class/dmi/id/product_name"
  private static let clocks =
    "/sys/devices/system/clocksource/clocksource0/available_clocksource"
  private static let tree = "/sys/firmware/devicetree/base"
  private static let virtio = "/sys/bus/virtio/devices/virtio0/device"

  private func platform(_ files: [[String: String]]) throws -> Platform {
    let all = files.reduce(into: [:]) { $0.merge($1) { $1 } }
    let tree = try TreeOfFiles(all)
    return withExtendedLifetime(tree) { MachineCollector(tree.files).collect().platform }
  }

  @Test(
    arguments: [
      ([[vendor: "QEMU"]], .guest("QEMU")),
      ([[product: "VMware Virtual Platform"]], .guest("VMware")),
      ([[vendor: "Xen"]], .unknown), ([flag, [vendor: "Xen"]], .guest("Xen")),
      ([["/sys/hypervisor/type": "xen\n"]], .guest("Xen")), ([flag], .guest("")),
      ([flag, ["/proc/cmdline": "--firecracker-init"]], .guest("Firecracker")),
      ([flag, [clocks: "kvm-clock tsc\n"]], .guest("KVM")),
      ([flag, [clocks: "tsc hyperv_clocksource_tsc_page\n"]], .guest("Hyper-V")),
      ([flag, [vendor: "Microsoft Corporation", product: "Virtual Machine"]], .guest("Hyper-V")),
      ([flag, [vendor: "Amazon EC2", product: "m5.large"]], .guest("Nitro")),
      ([flag, [vendor: "ACME", product: "Server 1"]], .guest("")),
      // Without the flag a hypervisor's own firmware is still a guest's.
      ([noFlag, [vendor: "QEMU"]], .guest("QEMU")),
    ] as [([[String: String]], Platform)])
  func `a guest of x86 is seen by its firmware, its flag or its clocks`(
    files: [[String: String]], expected: Platform
  ) throws {
    #expect(try platform(files) == expected)
  }

  @Test(
    arguments: [
      ([noFlag, [vendor: "Dell Inc.", product: "PowerEdge R650"]], .bareMetal),
      ([noFlag, [vendor: "To Be Filled By O.E.M."]], .bareMetal),
      ([noFlag, [vendor: "Amazon EC2", product: "m5.metal"]], .bareMetal),
      // No flag, but nothing says that there would be one: the firmware is hidden or names a cloud.
      ([noFlag], .unknown), ([noFlag, [vendor: "", product: "\n"]], .unknown),
      ([noFlag, [vendor: "Unknown", product: "Not Specified"]], .unknown),
      ([noFlag, [vendor: "Amazon EC2", product: "m5.large"]], .unknown),
      ([noFlag, [vendor: "ACME", product: "Virtual Platform"]], .unknown),
      // The firmware alone does not do where the flags cannot be read.
      ([[vendor: "Dell Inc."]], .unknown),
      ([["/proc/cpuinfo": "x : hypervisor\n"], [vendor: "Dell Inc."]], .unknown),
      ([["/proc/cpuinfo": "flags :\n"], [vendor: "Dell Inc."]], .unknown), ([], .unknown),
      ([noFlag, [vendor: "Dell Inc.", "/sys/hypervisor/uuid": "1"]], .unknown),
    ] as [([[String: String]], Platform)])
  func `bare metal of x86 takes flags without a hypervisor and a physical machine's firmware`(
    files: [[String: String]], expected: Platform
  ) throws {
    #expect(try platform(files) == expected)
  }

  @Test(
    arguments: [
      ([[virtio: "0x0002\n"]], .guest("")), ([noFlag, [virtio: "0x0001\n"]], .guest("")),
      ([arm, [virtio: "0x0001\n"]], .guest("")),
      // A network card may emulate virtio on a physical machine, a guest may hide its flag: both
      // look like this.
      ([noFlag, [vendor: "Dell Inc.", virtio: "0x0001\n"]], .unknown),
      // Remote processors of a system on chip.
      ([arm, ["\(tree)/model": "NXP i.MX8MPlus EVK\0", virtio: "0x0007\n"]], .bareMetal),
      ([noFlag, [virtio: "0x0007\n"]], .unknown),
      // A host that can run guests is not one.
      ([noFlag, [vendor: "Dell Inc.", "/dev/kvm": ""]], .bareMetal),
      ([noFlag, ["/dev/kvm": ""]], .unknown),
    ] as [([[String: String]], Platform)])
  func `a virtio device is a guest's where nothing speaks against it`(
    files: [[String: String]], expected: Platform
  ) throws {
    #expect(try platform(files) == expected)
  }

  @Test(
    arguments: [
      ([arm], .unknown), ([arm, [vendor: "QEMU"]], .guest("QEMU")),
      ([arm, [vendor: "Google", product: "Google Compute Engine"]], .guest("KVM")),
      ([arm, [vendor: "Amazon EC2", product: "m7g.large"]], .guest("Nitro")),
      ([arm, [vendor: "Amazon EC2", product: "m7g.metal"]], .bareMetal),
      ([arm, [vendor: "Ampere(R)", product: "Mt. Jade"]], .bareMetal),
      ([arm, [vendor: "Hetzner", product: "vServer"]], .unknown),
      ([arm, ["\(tree)/hypervisor/compatible": "linux,kvm\0"]], .guest("KVM")),
      ([arm, ["\(tree)/hypervisor/compatible": "xen,xen-4.17\0xen,xen\0"]], .guest("Xen")),
      ([arm, ["\(tree)/hypervisor/compatible": "other\0"]], .guest("")),
      ([arm, ["/proc/device-tree/compatible": "linux,dummy-virt\0"]], .guest("")),
      (
        [arm, ["\(tree)/compatible": "linux,dummy-virt\0", "\(tree)/fw-cfg@9020000/reg": "1"]],
        .guest("QEMU")
      ),
      (
        [
          arm,
          [
            "/proc/cmdline": "init=/firecracker-init",
            "/proc/device-tree/compatible": "linux,dummy-virt\0",
          ],
        ], .guest("Firecracker")
      ),
      (
        [
          arm,
          [
            "/proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
            "/proc/device-tree/compatible": "raspberrypi,4-model-b\0brcm,bcm2711\0",
          ],
        ], .bareMetal
      ),
    ] as [([[String: String]], Platform)])
  func `arm64 has no flag, so firmware or device tree decide`(
    files: [[String: String]], expected: Platform
  ) throws {
    #expect(try platform(files) == expected)
  }

  @Test(
    arguments: [
      (["\(tree)/model": "IBM,9009-42A\0"], .unknown),
      (["\(tree)/compatible": "qemu,pseries\0"], .guest("QEMU")),
      (["\(tree)/compatible": "riscv-virtio,qemu\0"], .guest("QEMU")), ([:], .unknown),
    ] as [([String: String], Platform)])
  func `on other architectures only a hypervisor's own sign counts`(
    files: [String: String], expected: Platform
  ) throws {
    #expect(try platform([["/proc/sys/kernel/arch": "ppc64le\n"], files]) == expected)
  }
}
