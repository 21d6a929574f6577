//! What a rendering process may take. Where the system has no such limits,
//! the parent's limits of time and output are what there is.

/// Memory over what the process has when it starts, in bytes.
#[cfg(unix)]
const MEMORY: u64 = 512 << 20;
/// Time of computing, in seconds.
#[cfg(unix)]
const SECONDS: u64 = 5;

/// Limits this process.
#[cfg(unix)]
pub fn set() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = |resource, most: u64| {
        // A system that refuses one limit still has the others.
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    };
    limit(Resource::As, size() + MEMORY);
    limit(Resource::Cpu, SECONDS);
    limit(Resource::Core, 0);
    limit(Resource::Fsize, 0);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
    }
}

/// Limits this process.
#[cfg(not(unix))]
pub fn set() {}

/// The address space that is in use, in bytes.
#[cfg(unix)]
fn size() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kibibytes = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse().ok());
    kibibytes.unwrap_or(0_u64) << 10
}
